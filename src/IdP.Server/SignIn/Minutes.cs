namespace IdP.Server.SignIn;

internal static class Minutes
{
    /// <summary>Whole minutes, rounded up, at least one: what a person is told.</summary>
    public static int Of(TimeSpan time) => Math.Max(1, (int)Math.Ceiling(time.TotalMinutes));
}

internal static class Hours
{
    /// <summary>Whole hours, rounded up, at least one.</summary>
    public static int Of(TimeSpan time) => Math.Max(1, (int)Math.Ceiling(time.TotalHours));
}
