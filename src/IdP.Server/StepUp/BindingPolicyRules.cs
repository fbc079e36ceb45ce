using IdP.Server.Storage.Clients;

namespace IdP.Server.StepUp;

/// <summary>What a binding policy may say.</summary>
internal static class BindingPolicyRules
{
    private const int MostSkips = 100;

    /// <param name="clients">The ids of the clients there are.</param>
    public static IEnumerable<Fault> Check(BindingPolicy policy, IReadOnlyCollection<string> clients)
    {
        if (policy.Name.Length is 0 or > 64 || !policy.Name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
            yield return new("name", $"'{policy.Name}' must have 1 to 64 letters, digits, '-', '_' and '.'");
        if (!policy.Everyone && policy.Groups.Count == 0 && policy.Clients.Count == 0)
            yield return new("everyone", "is false, and neither groups nor clients are named: the policy would concern nobody");
        if (policy.Everyone && policy.Groups.Count > 0)
            yield return new("groups", "mean nothing beside everyone: true");
        foreach (var group in policy.Groups.Where(group => group.Length is 0 or > 64 || group.Any(c => char.IsWhiteSpace(c) || char.IsControl(c))))
            yield return new("groups", $"'{group}' is not a group's name: 1 to 64 characters, no spaces");
        foreach (var client in policy.Clients.Where(client => !clients.Contains(client)))
            yield return new("clients", $"there is no client '{client}'");
        if (policy.Skips is < 0 or > MostSkips)
            yield return new("skips", $"{policy.Skips} must be between 0 and {MostSkips}");
        foreach (var factor in policy.Factors.Where(factor => ClientValidator.FactorFault(factor) is not null))
            yield return new("factors", ClientValidator.FactorFault(factor)!);
    }
}
