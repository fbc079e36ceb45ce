using IdP.Server.Tests.Conformance;

namespace IdP.Server.Tests.SignIn;

[Collection(nameof(OnSqlite))]
public sealed class StepUp_on_SQLite_and_memory(SqliteHost host) : StepUpModules(host.Idp);

[Collection(nameof(OnPostgres))]
public sealed class StepUp_on_PostgreSQL_and_Redis(PostgresHost host) : StepUpModules(host.Idp);
