DROP TABLE consumed_codes;

CREATE TABLE used_codes (
    key bytea NOT NULL,
    grant_id text NOT NULL,
    CONSTRAINT "PK_used_codes" PRIMARY KEY (key)
);

INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion")
VALUES ('20261126055208_UsedCodes', '10.0.15');
