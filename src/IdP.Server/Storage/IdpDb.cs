using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace IdP.Server.Storage;

/// <summary>The durable model, the same in SQLite and PostgreSQL; their contexts differ in migrations only.</summary>
internal abstract class IdpDb(DbContextOptions options) : DbContext(options)
{
    public DbSet<UserRow> Users => Set<UserRow>();
    public DbSet<ClientRow> Clients => Set<ClientRow>();
    public DbSet<ScopeRow> Scopes => Set<ScopeRow>();
    public DbSet<FactorBindingRow> FactorBindings => Set<FactorBindingRow>();
    public DbSet<FormerBindingRow> FormerBindings => Set<FormerBindingRow>();
    public DbSet<SessionRow> Sessions => Set<SessionRow>();
    public DbSet<TrustedDeviceRow> TrustedDevices => Set<TrustedDeviceRow>();
    public DbSet<KnownBrowserRow> KnownBrowsers => Set<KnownBrowserRow>();
    public DbSet<BindingPolicyRow> BindingPolicies => Set<BindingPolicyRow>();
    public DbSet<ConsentRow> Consents => Set<ConsentRow>();
    public DbSet<UsedCodeRow> UsedCodes => Set<UsedCodeRow>();
    public DbSet<RefreshFamilyRow> RefreshFamilies => Set<RefreshFamilyRow>();
    public DbSet<RevocationRow> Revocations => Set<RevocationRow>();
    public DbSet<ReferenceTokenRow> ReferenceTokens => Set<ReferenceTokenRow>();
    public DbSet<SigningKeyRow> SigningKeys => Set<SigningKeyRow>();
    public DbSet<GuessCounterRow> GuessCounters => Set<GuessCounterRow>();
    public DbSet<AuditRow> Audit => Set<AuditRow>();
    public DbSet<OneTimeLinkRow> OneTimeLinks => Set<OneTimeLinkRow>();
    public DbSet<OutboxMailRow> Outbox => Set<OutboxMailRow>();

    protected override void ConfigureConventions(ModelConfigurationBuilder conventions) =>
        conventions.Properties<DateTimeOffset>().HaveConversion<UnixMilliseconds>();

    protected override void OnModelCreating(ModelBuilder model)
    {
        model.Entity<UserRow>(e => { e.ToTable("users"); e.HasKey(x => x.Id); e.HasIndex(x => x.NormalizedName).IsUnique(); e.HasIndex(x => x.Email); });
        model.Entity<ClientRow>(e => { e.ToTable("clients"); e.HasKey(x => x.ClientId); });
        model.Entity<ScopeRow>(e => { e.ToTable("scopes"); e.HasKey(x => x.Name); });
        model.Entity<FactorBindingRow>(e => { e.ToTable("factor_bindings"); e.HasKey(x => x.Id); e.HasIndex(x => x.UserId); });
        model.Entity<FormerBindingRow>(e => { e.ToTable("former_bindings"); e.HasKey(x => x.Id); e.HasIndex(x => x.UserId); });
        model.Entity<SessionRow>(e => { e.ToTable("sessions"); e.HasKey(x => x.Id); e.HasIndex(x => x.HandleHash).IsUnique(); e.HasIndex(x => x.UserId); e.HasIndex(x => x.ExpiresAt); });
        model.Entity<TrustedDeviceRow>(e => { e.ToTable("trusted_devices"); e.HasKey(x => x.Id); e.HasIndex(x => x.UserId); e.HasIndex(x => x.ExpiresAt); });
        model.Entity<KnownBrowserRow>(e => { e.ToTable("known_browsers"); e.HasKey(x => new { x.UserId, x.BrowserHash }); e.Property(x => x.Id).IsRequired(); });
        model.Entity<BindingPolicyRow>(e => { e.ToTable("binding_policies"); e.HasKey(x => x.Name); });
        model.Entity<ConsentRow>(e => { e.ToTable("consents"); e.HasKey(x => new { x.UserId, x.ClientId }); });
        model.Entity<UsedCodeRow>(e => { e.ToTable("used_codes"); e.HasKey(x => x.Key); });
        model.Entity<RefreshFamilyRow>(e => { e.ToTable("refresh_families"); e.HasKey(x => x.Handle); e.HasIndex(x => x.GrantId); e.HasIndex(x => x.SessionId); e.HasIndex(x => x.UserId); e.HasIndex(x => x.AbsoluteExpiry); });
        model.Entity<RevocationRow>(e => { e.ToTable("revocations"); e.HasKey(x => x.Key); e.HasIndex(x => x.Seq); e.HasIndex(x => x.Until); e.HasIndex(x => x.GrantId); });
        model.Entity<ReferenceTokenRow>(e => { e.ToTable("reference_tokens"); e.HasKey(x => x.Hash); e.HasIndex(x => x.ExpiresAt); });
        model.Entity<SigningKeyRow>(e => { e.ToTable("signing_keys"); e.HasKey(x => x.Kid); e.HasIndex(x => new { x.Alg, x.Generation }).IsUnique(); });
        model.Entity<GuessCounterRow>(e => { e.ToTable("guess_counters"); e.HasKey(x => x.Key); });
        model.Entity<AuditRow>(e => { e.ToTable("audit"); e.HasKey(x => x.Id); e.HasIndex(x => x.At); e.HasIndex(x => x.UserId); e.HasIndex(x => x.SumKey).IsUnique(); e.Property(x => x.Count).HasDefaultValue(1); });
        model.Entity<OneTimeLinkRow>(e => { e.ToTable("one_time_links"); e.HasKey(x => x.Hash); });
        model.Entity<OutboxMailRow>(e => { e.ToTable("outbox"); e.HasKey(x => x.Id); e.HasIndex(x => new { x.SentAt, x.NextAttemptAt }); e.HasIndex(x => new { x.UserId, x.Kind, x.CreatedAt }); e.HasIndex(x => new { x.Mailbox, x.Kind, x.CreatedAt }); });

        foreach (var property in model.Model.GetEntityTypes().SelectMany(entity => entity.GetProperties()))
            property.SetColumnName(SnakeCase(property.Name));
    }

    private static string SnakeCase(string name)
    {
        var snake = new StringBuilder();
        foreach (var c in name)
        {
            if (char.IsUpper(c) && snake.Length > 0)
                snake.Append('_');
            snake.Append(char.ToLowerInvariant(c));
        }

        return snake.ToString();
    }

    private sealed class UnixMilliseconds() : ValueConverter<DateTimeOffset, long>(
        time => time.ToUnixTimeMilliseconds(),
        stored => DateTimeOffset.FromUnixTimeMilliseconds(stored));
}

internal sealed class SqliteDb(DbContextOptions<SqliteDb> options) : IdpDb(options);

internal sealed class PostgresDb(DbContextOptions<PostgresDb> options) : IdpDb(options);
