using IdP.Server.Hosting;
using Microsoft.Extensions.Configuration;

namespace IdP.Server.Factors;

/// <summary>
/// Settings of a kind of second factor, <c>Factors:KIND:NAME</c>, as a class in the kind's own folder. A value that does not fit, a name that means nothing and
/// a kind that is not installed are faults at start, as with every other setting.
/// </summary>
internal static class FactorSettings
{
    /// <summary>Behind the kind's line in THE LIST; the class is a service from then on.</summary>
    /// <param name="kind">The kind's id.</param>
    /// <param name="check">Faults beyond types and names, each naming the setting and the bad value.</param>
    public static IServiceCollection AddFactorOptions<TOptions>(this IServiceCollection services, string kind, Func<TOptions, IEnumerable<string>>? check = null)
        where TOptions : class, new()
    {
        TOptions Read(IdpOptions options, List<string> faults)
        {
            List<string> own = [];
            var read = SettingBinder.Bind<TOptions>(Section(options, kind), [], own);
            faults.AddRange(own.Concat(check?.Invoke(read) ?? []).Select(fault => $"Factors:{kind}:{fault}"));
            return read;
        }

        return services
            .AddSingleton(new FactorSection(kind, (options, faults) => Read(options, faults)))
            .AddSingleton(provider => Read(provider.GetRequiredService<IdpOptions>(), []));
    }

    /// <summary>Every fault in the settings of the installed kinds.</summary>
    public static IReadOnlyList<string> Faults(IServiceCollection services, IdpOptions options)
    {
        List<string> faults = [];
        var sections = services.Select(service => service.ImplementationInstance).OfType<FactorSection>().ToList();
        foreach (var section in sections)
            section.Check(options, faults);
        var known = sections.Select(section => section.Kind).ToHashSet(StringComparer.OrdinalIgnoreCase);
        faults.AddRange(options.Factors.Keys.Where(key => !known.Contains(key.Split(':')[0])).Order(StringComparer.Ordinal)
            .Select(key => $"Factors:{key}: there is no kind of second factor with settings under this name; known here: {string.Join(", ", known.Order(StringComparer.Ordinal))}"));
        return faults;
    }

    private static IConfigurationRoot Section(IdpOptions options, string kind) => new ConfigurationBuilder().AddInMemoryCollection(options.Factors
        .Where(setting => setting.Key.StartsWith(kind + ":", StringComparison.OrdinalIgnoreCase))
        .Select(setting => KeyValuePair.Create(setting.Key[(kind.Length + 1)..], (string?)setting.Value))).Build();
}

/// <summary>What a kind's settings are checked by.</summary>
internal sealed record FactorSection(string Kind, Action<IdpOptions, List<string>> Check);
