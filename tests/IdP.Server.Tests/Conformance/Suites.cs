using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Conformance;

// Every module on both pairs of stores; the Form Post profile is the Basic profile again with response_mode=form_post.

[Collection(nameof(OnSqlite))]
public sealed class Config_on_SQLite_and_memory(SqliteHost host) : ConfigModules(host.Idp);

[Thorough]
[Collection(nameof(OnPostgres))]
public sealed class Config_on_PostgreSQL_and_Redis(PostgresHost host) : ConfigModules(host.Idp);

[Collection(nameof(OnSqlite))]
public sealed class Basic_on_SQLite_and_memory(SqliteHost host) : BasicModules(host.Idp, responseMode: null);

[Collection(nameof(OnPostgres))]
public sealed class Basic_on_PostgreSQL_and_Redis(PostgresHost host) : BasicModules(host.Idp, responseMode: null);

[Collection(nameof(OnSqlite))]
public sealed class FormPost_on_SQLite_and_memory(SqliteHost host) : BasicModules(host.Idp, responseMode: "form_post");

[Thorough]
[Collection(nameof(OnPostgres))]
public sealed class FormPost_on_PostgreSQL_and_Redis(PostgresHost host) : BasicModules(host.Idp, responseMode: "form_post");

[Thorough]
[Collection(nameof(OnSqlite))]
public sealed class Logout_on_SQLite_and_memory(SqliteHost host) : LogoutModules(host.Idp);

[Collection(nameof(OnPostgres))]
public sealed class Logout_on_PostgreSQL_and_Redis(PostgresHost host) : LogoutModules(host.Idp);

[Collection(nameof(OnSqlite))]
public sealed class PushedAuthorization_on_SQLite_and_memory(SqliteHost host) : PushedAuthorizationModules(host.Idp);

[Thorough]
[Collection(nameof(OnPostgres))]
public sealed class PushedAuthorization_on_PostgreSQL_and_Redis(PostgresHost host) : PushedAuthorizationModules(host.Idp);
