using System.Globalization;
using IdP.Benchmarks.Http;
using IdP.Benchmarks.Load;
using IdP.Benchmarks.Worlds;

namespace IdP.Benchmarks.Floors;

/// <summary>The floor's process and what is asked of it.</summary>
internal sealed class Floor : IDisposable
{
    private const string Authority = "localhost";
    private readonly int port = Child.FreePort();
    private readonly Child child;

    public Floor(string folder)
    {
        child = new(Path.Combine(folder, "floor.log"), Path.Combine(AppContext.BaseDirectory, "IdP.Benchmarks"), ["floor", port.ToString(CultureInfo.InvariantCulture)]);
        child.WaitUntil(Answers, TimeSpan.FromSeconds(20));
    }

    public Subject Subject => new(child.Id, port);

    public static Job Hello => Jobs.InTurn(Requests.Get(Authority, "/hello"));

    public static Job Sign => Jobs.InTurn(SignRequest(person: false));

    /// <summary>As an introspection: the token in a form.</summary>
    public Job Verify(int tokens)
    {
        var requests = Requesting(tokens, person: false, t => Requests.Post(Authority, "/verify", [("token", t)]));
        return Jobs.InTurn(requests);
    }

    /// <summary>As a userinfo request: the token in the Authorization header.</summary>
    public Job WhoAmI(int tokens)
    {
        var requests = Requesting(tokens, person: true, t => Requests.Get(Authority, "/whoami", Requests.Bearer(t)));
        return Jobs.InTurn(requests);
    }

    public void Dispose() => child.Dispose();

    private byte[][] Requesting(int tokens, bool person, Func<string, byte[]> make)
    {
        using var wire = new Wire(port);
        var sign = SignRequest(person);
        return [.. Enumerable.Range(0, tokens).Select(_ => make(wire.Send(sign).Expect(200).Member("access_token")))];
    }

    private static byte[] SignRequest(bool person) => Requests.Post(Authority, "/sign",
        [("grant_type", "client_credentials"), ("client_id", Seed.Machine), ("scope", "api"), ("shape", person ? "person" : "machine")]);

    private bool Answers()
    {
        try
        {
            using var wire = new Wire(port);
            return wire.Send(Requests.Get(Authority, "/hello")).Status == 200;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return false;
        }
    }
}
