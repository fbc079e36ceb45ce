namespace IdP.Server.StepUp;

/// <summary>
/// Addresses of a factor's own, such as those that its phone speaks to. Registered in the factor's folder and mapped with the rest; nobody else names them.
/// Each endpoint authenticates its callers by itself: no cookie and no form token of this server does it.
/// </summary>
internal interface IFactorEndpoints
{
    /// <summary>Called once, at start. Paths begin with the kind: "/app/...".</summary>
    void Map(IEndpointRouteBuilder routes);
}
