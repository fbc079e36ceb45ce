using IdP.Protocol;

namespace IdP.Server.Connect;

/// <summary>From the web's collections to the protocol's, repeated values and all.</summary>
internal static class ParameterReader
{
    public static Parameters FromQuery(IQueryCollection query) =>
        new(query.SelectMany(pair => pair.Value.Select(value => KeyValuePair.Create(pair.Key, value ?? ""))));

    public static Parameters FromForm(IFormCollection form) =>
        new(form.SelectMany(pair => pair.Value.Select(value => KeyValuePair.Create(pair.Key, value ?? ""))));
}
