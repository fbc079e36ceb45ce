DROP TABLE "consumed_codes";

CREATE TABLE "used_codes" (
    "key" BLOB NOT NULL CONSTRAINT "PK_used_codes" PRIMARY KEY,
    "grant_id" TEXT NOT NULL
) WITHOUT ROWID;

INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion")
VALUES ('20261126054447_UsedCodes', '10.0.15');
