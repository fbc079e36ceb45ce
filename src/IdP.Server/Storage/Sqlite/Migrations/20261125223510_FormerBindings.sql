CREATE TABLE "former_bindings" (
    "id" TEXT NOT NULL CONSTRAINT "PK_former_bindings" PRIMARY KEY,
    "user_id" TEXT NOT NULL,
    "factor" TEXT NOT NULL,
    "label" TEXT NULL,
    "sealed" BLOB NOT NULL,
    "last_step" INTEGER NULL,
    "created_at" INTEGER NOT NULL,
    "last_used_at" INTEGER NULL,
    "ended_at" INTEGER NOT NULL
);

CREATE INDEX "IX_former_bindings_user_id" ON "former_bindings" ("user_id");

INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion")
VALUES ('20261125223510_FormerBindings', '10.0.15');
