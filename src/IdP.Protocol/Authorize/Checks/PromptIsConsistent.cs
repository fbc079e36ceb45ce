namespace IdP.Protocol.Authorize.Checks;

/// <summary>OIDC Core §3.1.2.1, prompt: none stands alone. Values we do not know are ignored, as its errata advise.</summary>
internal static class PromptIsConsistent
{
    public static ValueTask<ProtocolError?> Check(AuthorizeDraft draft, AuthorizeWorld world, CancellationToken cancel)
    {
        var words = AuthorizeParameters.Words(draft.Sent["prompt"]);
        if (words.Contains("none") && words.Any(word => word != "none"))
            return new(ProtocolError.InvalidRequest("prompt=none cannot be combined with other values."));
        foreach (var word in words)
        {
            draft.Prompts |= word switch
            {
                "none" => Prompts.None,
                "login" => Prompts.Login,
                "consent" => Prompts.Consent,
                "select_account" => Prompts.SelectAccount,
                _ => Prompts.Unspecified,
            };
        }
        return default;
    }
}
