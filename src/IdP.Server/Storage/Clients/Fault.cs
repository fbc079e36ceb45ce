namespace IdP.Server.Storage.Clients;

/// <summary>One thing that is wrong with what an operator wrote.</summary>
/// <param name="Path">Where, as in the document: "clients[0].redirectUris[1]".</param>
/// <param name="Reason">Why, quoting the bad value; never a secret.</param>
internal sealed record Fault(string Path, string Reason)
{
    public Fault Under(string parent) => new(Path.Length == 0 ? parent : Path[0] == '[' ? parent + Path : parent + "." + Path, Reason);

    public override string ToString() => Path.Length == 0 ? Reason : $"{Path}: {Reason}";
}

/// <summary>What an operator asked for cannot be done; nothing was changed.</summary>
internal sealed class FaultsException(IReadOnlyList<Fault> faults) : Exception(string.Join(Environment.NewLine, faults))
{
    public FaultsException(string path, string reason) : this([new Fault(path, reason)]) { }

    public IReadOnlyList<Fault> Faults { get; } = faults;
}
