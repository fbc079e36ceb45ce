using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Attacks;

/// <summary>Real codes and tokens for the rows: what is wrong in a request is then the one thing that was spoilt.</summary>
public abstract partial class BadInputTests
{
    private Browser? signedIn;

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        signedIn?.Dispose();
    }

    /// <summary>The row's parameters with real values in the place of those in angle brackets, none of them used before.</summary>
    private async Task<List<KeyValuePair<string, string>>> FillAsync(Row row)
    {
        Dictionary<string, string> living = [];
        List<KeyValuePair<string, string>> filled = [];
        foreach (var (name, value) in row.Parameters)
        {
            if (value is not ['<', .. var kind, '>'])
                filled.Add(new(name, value));
            else if (living.TryGetValue(kind, out var made) || (await MakeAsync(kind is Code or Verifier, living)).TryGetValue(kind, out made))
                filled.Add(new(name, made));
        }

        return filled;
    }

    private async Task<Dictionary<string, string>> MakeAsync(bool code, Dictionary<string, string> living)
    {
        var suite = idp.App(TestClient.Suite);
        if (signedIn is null)
        {
            signedIn = idp.Browser();
            Assert.NotNull((await idp.SignInAsync(signedIn, suite.Ask(), idp.Plain())).Answer);
        }

        var ask = suite.Ask("openid profile").With("prompt", "none").WithPkce();
        var answer = (await signedIn.OpenAsync(ask.Url)).MustAnswer();
        if (code)
        {
            (living[Code], living[Verifier]) = (answer.Code, ask.Verifier!);
            return living;
        }

        var tokens = (await suite.RedeemAsync(answer, ask)).MustSucceed();
        (living[Access], living[Refresh], living[IdToken]) = (tokens.AccessToken, tokens.RefreshToken, tokens.IdToken);
        return living;
    }
}
