namespace IdP.Server.Hosting;

/// <summary>The form a browser posted; empty when the body is something else or cannot be read, so that the checks behind refuse it in words.</summary>
internal static class PostedForm
{
    public static async Task<IFormCollection> ReadAsync(HttpContext context)
    {
        if (!context.Request.HasFormContentType)
            return FormCollection.Empty;
        try
        {
            return await context.Request.ReadFormAsync(context.RequestAborted);
        }
        catch (Exception fault) when (fault is InvalidDataException || (fault is IOException and not BadHttpRequestException))
        {
            return FormCollection.Empty;
        }
    }
}
