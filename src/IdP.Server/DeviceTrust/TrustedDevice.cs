using IdP.Server.Accounts;
using IdP.Server.Storage;

namespace IdP.Server.DeviceTrust;

/// <summary>A browser that spares one person the second step our own policy asks for, as the decider sees it.</summary>
/// <param name="Factors">The second factors really done when trust was given.</param>
internal sealed record TrustedDevice(string Id, string UserId, IReadOnlyList<FactorProof> Factors, DateTimeOffset GivenAt, DateTimeOffset ExpiresAt);

/// <summary>A trusted device as its owner sees it in a list.</summary>
/// <param name="Address">Where it was used last.</param>
/// <param name="IsThis">The browser that asks.</param>
internal sealed record TrustedDeviceView(
    string Id, string? UserAgent, string? Address, DateTimeOffset GivenAt, DateTimeOffset LastUsedAt, DateTimeOffset ExpiresAt, bool IsThis);

/// <summary>What a trust cookie shows: which device, and the secret of its last use.</summary>
internal sealed record TrustToken(string DeviceId, string Secret)
{
    /// <summary>Null for what was never ours.</summary>
    public static TrustToken? Parse(string? value) =>
        value?.Split('.') is [var id, var secret] && Handles.IsId(id) && Handles.IsHandle(secret) ? new(id, secret) : null;

    public string ToCookie() => $"{DeviceId}.{Secret}";

    /// <summary>Records print their members; this one must not (I-7).</summary>
    public override string ToString() => $"trust of {DeviceId}";
}
