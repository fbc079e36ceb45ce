DROP TABLE "outbox";

CREATE TABLE "outbox" (
    "id" INTEGER NOT NULL CONSTRAINT "PK_outbox" PRIMARY KEY AUTOINCREMENT,
    "user_id" TEXT NULL,
    "kind" TEXT NOT NULL,
    "recipient" TEXT NOT NULL,
    "sealed" BLOB NULL,
    "created_at" INTEGER NOT NULL,
    "expires_at" INTEGER NULL,
    "attempts" INTEGER NOT NULL,
    "next_attempt_at" INTEGER NOT NULL,
    "sent_at" INTEGER NULL,
    "failed_at" INTEGER NULL,
    "last_error" TEXT NULL
);

CREATE INDEX "IX_outbox_sent_at_next_attempt_at" ON "outbox" ("sent_at", "next_attempt_at");

CREATE INDEX "IX_outbox_user_id_kind_created_at" ON "outbox" ("user_id", "kind", "created_at");

ALTER TABLE "users" ADD "binding_skips" INTEGER NOT NULL DEFAULT 0;

ALTER TABLE "users" ADD "groups" TEXT NULL;

ALTER TABLE "users" ADD "preferred_factor" TEXT NULL;

ALTER TABLE "sessions" ADD "device_id" TEXT NULL;

ALTER TABLE "one_time_links" ADD "sealed" BLOB NULL;

CREATE TABLE "binding_policies" (
    "name" TEXT NOT NULL CONSTRAINT "PK_binding_policies" PRIMARY KEY,
    "json" TEXT NOT NULL,
    "updated_at" INTEGER NOT NULL
);

CREATE TABLE "known_browsers" (
    "user_id" TEXT NOT NULL,
    "browser_hash" BLOB NOT NULL,
    "last_seen_at" INTEGER NOT NULL,
    CONSTRAINT "PK_known_browsers" PRIMARY KEY ("user_id", "browser_hash")
);

CREATE TABLE "trusted_devices" (
    "id" TEXT NOT NULL CONSTRAINT "PK_trusted_devices" PRIMARY KEY,
    "user_id" TEXT NOT NULL,
    "secret_hash" BLOB NOT NULL,
    "previous_hash" BLOB NULL,
    "rotated_at" INTEGER NULL,
    "proofs_json" TEXT NOT NULL,
    "user_agent" TEXT NULL,
    "address" TEXT NULL,
    "created_at" INTEGER NOT NULL,
    "last_used_at" INTEGER NOT NULL,
    "expires_at" INTEGER NOT NULL,
    "ended_at" INTEGER NULL
);

CREATE INDEX "IX_trusted_devices_expires_at" ON "trusted_devices" ("expires_at");

CREATE INDEX "IX_trusted_devices_user_id" ON "trusted_devices" ("user_id");

INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion")
VALUES ('20261122233124_SecondFactors', '10.0.15');
