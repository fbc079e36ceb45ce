CREATE TABLE former_bindings (
    id text NOT NULL,
    user_id text NOT NULL,
    factor text NOT NULL,
    label text,
    sealed bytea NOT NULL,
    last_step bigint,
    created_at bigint NOT NULL,
    last_used_at bigint,
    ended_at bigint NOT NULL,
    CONSTRAINT "PK_former_bindings" PRIMARY KEY (id)
);

CREATE INDEX "IX_former_bindings_user_id" ON former_bindings (user_id);

INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion")
VALUES ('20261125223528_FormerBindings', '10.0.15');
