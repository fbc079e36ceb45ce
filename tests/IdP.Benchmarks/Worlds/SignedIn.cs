using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Web;
using IdP.Benchmarks.Http;

namespace IdP.Benchmarks.Worlds;

/// <summary>A person's browser and the app it visits, on one wire.</summary>
/// <param name="client">One of the seed's; <see cref="Seed.Web"/> takes a refresh token along.</param>
internal sealed class SignedIn(World world, Wire wire, string client = Seed.Web)
{
    private readonly Dictionary<int, Browser> browsers = [];
    private Browser browser = new(wire, world.Issuer);
    private readonly string basic = Requests.Basic(client, Seed.Secret);

    /// <summary>The whole journey from the app's request over the page to the code, in a browser that the person has used before and that was closed since.</summary>
    public string WithPassword(int person)
    {
        if (!browsers.TryGetValue(person, out var own))
            browsers.Add(person, own = new(wire, world.Issuer));
        own.Reopen();
        browser = own;
        var (verifier, challenge) = Pkce();
        var (address, page) = browser.Go(Authorize(challenge));
        var (end, shown) = browser.Submit(address, page, ("userName", Seed.Person(person)), ("password", Seed.Secret));
        Code(end, shown);
        return verifier;
    }

    /// <summary>With the session of the browser last used: authorize, code, tokens. Returns the wire's answer of the token endpoint.</summary>
    public Reply SingleSignOn()
    {
        var (verifier, challenge) = Pkce();
        var (address, page) = browser.Go(Authorize(challenge));
        var code = Code(address, page);
        return wire.Send(Requests.Post(world.Authority, "/connect/token",
            [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", Seed.RedirectUri), ("code_verifier", verifier)], basic)).Expect(200);
    }

    public string Refresh(string token) => wire.Send(Requests.Post(world.Authority, "/connect/token",
        [("grant_type", "refresh_token"), ("refresh_token", token)], basic)).Expect(200).Member("refresh_token");

    private string Authorize(string challenge) =>
        $"/connect/authorize?client_id={client}&response_type=code&redirect_uri={Uri.EscapeDataString(Seed.RedirectUri)}"
        + $"&scope={Uri.EscapeDataString(client == Seed.Web ? Seed.WebScopes : Seed.VisitScopes)}&state={challenge}&nonce={challenge}&code_challenge={challenge}&code_challenge_method=S256";

    private static string Code(string address, string page) =>
        HttpUtility.ParseQueryString(new Uri(address, UriKind.RelativeOrAbsolute) is { IsAbsoluteUri: true } answer ? answer.Query : "")["code"]
        ?? throw new BenchmarkException($"no code at {address}: {page}");

    private static (string Verifier, string Challenge) Pkce()
    {
        var verifier = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        return (verifier, Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier))));
    }
}
