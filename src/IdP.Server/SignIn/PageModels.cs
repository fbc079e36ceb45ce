namespace IdP.Server.SignIn;

/// <summary>Who sent the person here, as pages show it.</summary>
internal sealed record ClientCard(string Name, string? LogoUri, string? PolicyUri, string? TosUri);
