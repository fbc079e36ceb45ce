namespace IdP.Server.Tests.Faults;

/// <summary>A call whose server may be gone before it answers.</summary>
internal static class Cut
{
    /// <summary>Null when the answer never came.</summary>
    public static async Task<T?> TryAsync<T>(Func<Task<T>> act) where T : class
    {
        try
        {
            return await act();
        }
        catch (Exception cut) when (cut is HttpRequestException or IOException)
        {
            return null;
        }
    }
}
