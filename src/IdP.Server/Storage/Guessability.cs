namespace IdP.Server.Storage;

/// <summary>
/// How hard a secret that somebody chose is to guess, by zxcvbn: words, names, dates, keyboard rows and repetitions are cheap, whatever kinds of characters they are
/// made of. Asked only where a secret is set, never where one is tried: an answer takes up to a tenth of a second.
/// </summary>
internal static class Guessability
{
    // Its time grows with the cube of the length, and what is this long is not guessed.
    private const int Longest = 64;

    private static readonly Lock Turn = new();
    private static Zxcvbn.Zxcvbn? meter;

    /// <param name="known">Words that a guesser would try first: names of the account.</param>
    public static GuessEstimate Of(string secret, IEnumerable<string>? known = null)
    {
        lock (Turn)
        {
            meter ??= new Zxcvbn.Zxcvbn();
            var result = meter.EvaluatePassword(secret.Length > Longest ? secret[..Longest] : secret, known ?? []);
            return new(result.Score, result.Entropy);
        }
    }
}

/// <param name="Score">0 to 4: fewer than 10^6, 10^8, 10^10 and 10^12 guesses, or more.</param>
/// <param name="Bits">Binary logarithm of the guesses.</param>
internal readonly record struct GuessEstimate(int Score, double Bits);
