CREATE TABLE IF NOT EXISTS "__EFMigrationsHistory" (
    "MigrationId" TEXT NOT NULL CONSTRAINT "PK___EFMigrationsHistory" PRIMARY KEY,
    "ProductVersion" TEXT NOT NULL
);

CREATE TABLE "audit" (
    "id" INTEGER NOT NULL CONSTRAINT "PK_audit" PRIMARY KEY AUTOINCREMENT,
    "at" INTEGER NOT NULL,
    "action" TEXT NOT NULL,
    "actor" TEXT NULL,
    "user_id" TEXT NULL,
    "client_id" TEXT NULL,
    "address" TEXT NULL,
    "details" TEXT NULL,
    "count" INTEGER NOT NULL DEFAULT 1,
    "last_at" INTEGER NULL,
    "sum_key" TEXT NULL
);

CREATE TABLE "binding_policies" (
    "name" TEXT NOT NULL CONSTRAINT "PK_binding_policies" PRIMARY KEY,
    "json" TEXT NOT NULL,
    "updated_at" INTEGER NOT NULL
);

CREATE TABLE "clients" (
    "client_id" TEXT NOT NULL CONSTRAINT "PK_clients" PRIMARY KEY,
    "json" TEXT NOT NULL,
    "updated_at" INTEGER NOT NULL
);

CREATE TABLE "consents" (
    "user_id" TEXT NOT NULL,
    "client_id" TEXT NOT NULL,
    "scopes" TEXT NOT NULL,
    "given_at" INTEGER NOT NULL,
    CONSTRAINT "PK_consents" PRIMARY KEY ("user_id", "client_id")
);

CREATE TABLE "factor_bindings" (
    "id" TEXT NOT NULL CONSTRAINT "PK_factor_bindings" PRIMARY KEY,
    "user_id" TEXT NOT NULL,
    "factor" TEXT NOT NULL,
    "label" TEXT NULL,
    "sealed" BLOB NOT NULL,
    "last_step" INTEGER NULL,
    "created_at" INTEGER NOT NULL,
    "last_used_at" INTEGER NULL
);

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

CREATE TABLE "guess_counters" (
    "key" TEXT NOT NULL CONSTRAINT "PK_guess_counters" PRIMARY KEY,
    "in_row" INTEGER NOT NULL,
    "in_window" INTEGER NOT NULL,
    "window_start" INTEGER NOT NULL
);

CREATE TABLE "known_browsers" (
    "user_id" TEXT NOT NULL,
    "browser_hash" BLOB NOT NULL,
    "id" TEXT NOT NULL,
    "last_seen_at" INTEGER NOT NULL,
    CONSTRAINT "PK_known_browsers" PRIMARY KEY ("user_id", "browser_hash")
);

CREATE TABLE "one_time_links" (
    "hash" BLOB NOT NULL CONSTRAINT "PK_one_time_links" PRIMARY KEY,
    "purpose" TEXT NOT NULL,
    "user_id" TEXT NULL,
    "sealed" BLOB NULL,
    "expires_at" INTEGER NOT NULL,
    "used_at" INTEGER NULL
);

CREATE TABLE "outbox" (
    "id" INTEGER NOT NULL CONSTRAINT "PK_outbox" PRIMARY KEY AUTOINCREMENT,
    "user_id" TEXT NULL,
    "kind" TEXT NOT NULL,
    "recipient" TEXT NOT NULL,
    "mailbox" TEXT NOT NULL,
    "sealed" BLOB NULL,
    "created_at" INTEGER NOT NULL,
    "expires_at" INTEGER NULL,
    "attempts" INTEGER NOT NULL,
    "next_attempt_at" INTEGER NOT NULL,
    "sent_at" INTEGER NULL,
    "failed_at" INTEGER NULL,
    "last_error" TEXT NULL
);

CREATE TABLE "reference_tokens" (
    "hash" BLOB NOT NULL CONSTRAINT "PK_reference_tokens" PRIMARY KEY,
    "json" TEXT NOT NULL,
    "expires_at" INTEGER NOT NULL
);

CREATE TABLE "refresh_families" (
    "handle" TEXT NOT NULL CONSTRAINT "PK_refresh_families" PRIMARY KEY,
    "grant_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "session_id" TEXT NOT NULL,
    "client_id" TEXT NOT NULL,
    "grant_json" TEXT NOT NULL,
    "current_hash" BLOB NOT NULL,
    "previous_hash" BLOB NULL,
    "salt" BLOB NOT NULL,
    "rotated_at" INTEGER NULL,
    "sliding_expiry" INTEGER NOT NULL,
    "absolute_expiry" INTEGER NOT NULL,
    "ended_at" INTEGER NULL
);

CREATE TABLE "revocations" (
    "key" TEXT NOT NULL CONSTRAINT "PK_revocations" PRIMARY KEY,
    "until" INTEGER NOT NULL,
    "at" INTEGER NOT NULL,
    "seq" INTEGER NOT NULL,
    "grant_id" TEXT NULL
);

CREATE TABLE "scopes" (
    "name" TEXT NOT NULL CONSTRAINT "PK_scopes" PRIMARY KEY,
    "json" TEXT NOT NULL,
    "updated_at" INTEGER NOT NULL
);

CREATE TABLE "sessions" (
    "id" TEXT NOT NULL CONSTRAINT "PK_sessions" PRIMARY KEY,
    "handle_hash" BLOB NOT NULL,
    "user_id" TEXT NOT NULL,
    "proofs_json" TEXT NOT NULL,
    "created_at" INTEGER NOT NULL,
    "expires_at" INTEGER NOT NULL,
    "ended_at" INTEGER NULL,
    "user_agent" TEXT NULL,
    "address" TEXT NULL,
    "device_id" TEXT NULL
);

CREATE TABLE "signing_keys" (
    "kid" TEXT NOT NULL CONSTRAINT "PK_signing_keys" PRIMARY KEY,
    "alg" TEXT NOT NULL,
    "generation" INTEGER NOT NULL,
    "sealed" BLOB NOT NULL,
    "created_at" INTEGER NOT NULL,
    "activates_at" INTEGER NOT NULL,
    "retired_at" INTEGER NULL,
    "revoked_at" INTEGER NULL
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

CREATE TABLE "used_codes" (
    "key" BLOB NOT NULL CONSTRAINT "PK_used_codes" PRIMARY KEY,
    "grant_id" TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE "users" (
    "id" TEXT NOT NULL CONSTRAINT "PK_users" PRIMARY KEY,
    "user_name" TEXT NOT NULL,
    "normalized_name" TEXT NOT NULL,
    "email" TEXT NULL,
    "email_verified" INTEGER NOT NULL,
    "name" TEXT NULL,
    "locale" TEXT NULL,
    "claims_json" TEXT NULL,
    "password_sealed" BLOB NULL,
    "password_changed_at" INTEGER NULL,
    "epoch" INTEGER NOT NULL,
    "is_admin" INTEGER NOT NULL,
    "disabled" INTEGER NOT NULL,
    "groups" TEXT NULL,
    "preferred_factor" TEXT NULL,
    "binding_skips" INTEGER NOT NULL,
    "created_at" INTEGER NOT NULL,
    "updated_at" INTEGER NOT NULL
);

CREATE INDEX "IX_audit_at" ON "audit" ("at");

CREATE UNIQUE INDEX "IX_audit_sum_key" ON "audit" ("sum_key");

CREATE INDEX "IX_audit_user_id" ON "audit" ("user_id");

CREATE INDEX "IX_factor_bindings_user_id" ON "factor_bindings" ("user_id");

CREATE INDEX "IX_former_bindings_user_id" ON "former_bindings" ("user_id");

CREATE INDEX "IX_outbox_mailbox_kind_created_at" ON "outbox" ("mailbox", "kind", "created_at");

CREATE INDEX "IX_outbox_sent_at_next_attempt_at" ON "outbox" ("sent_at", "next_attempt_at");

CREATE INDEX "IX_outbox_user_id_kind_created_at" ON "outbox" ("user_id", "kind", "created_at");

CREATE INDEX "IX_reference_tokens_expires_at" ON "reference_tokens" ("expires_at");

CREATE INDEX "IX_refresh_families_absolute_expiry" ON "refresh_families" ("absolute_expiry");

CREATE INDEX "IX_refresh_families_grant_id" ON "refresh_families" ("grant_id");

CREATE INDEX "IX_refresh_families_session_id" ON "refresh_families" ("session_id");

CREATE INDEX "IX_refresh_families_user_id" ON "refresh_families" ("user_id");

CREATE INDEX "IX_revocations_grant_id" ON "revocations" ("grant_id");

CREATE INDEX "IX_revocations_seq" ON "revocations" ("seq");

CREATE INDEX "IX_revocations_until" ON "revocations" ("until");

CREATE INDEX "IX_sessions_expires_at" ON "sessions" ("expires_at");

CREATE UNIQUE INDEX "IX_sessions_handle_hash" ON "sessions" ("handle_hash");

CREATE INDEX "IX_sessions_user_id" ON "sessions" ("user_id");

CREATE UNIQUE INDEX "IX_signing_keys_alg_generation" ON "signing_keys" ("alg", "generation");

CREATE INDEX "IX_trusted_devices_expires_at" ON "trusted_devices" ("expires_at");

CREATE INDEX "IX_trusted_devices_user_id" ON "trusted_devices" ("user_id");

CREATE INDEX "IX_users_email" ON "users" ("email");

CREATE UNIQUE INDEX "IX_users_normalized_name" ON "users" ("normalized_name");

INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion")
VALUES ('20261201000000_First', '10.0.15');
