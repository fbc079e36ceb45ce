namespace IdP.Server.StepUp;

/// <summary>
/// What a page posted, as an answer: the other half of <c>_Prompt.cshtml</c>. The kind that the form names decides nothing: a factor that is answered in
/// another way than it asked takes it for wrong.
/// </summary>
internal static class Answers
{
    /// <summary>Null when nothing was answered. Read from the form and never bound: the framework would write bound arguments into a log at Trace (I-7).</summary>
    public static Answer? Read(IFormCollection form) => (string?)form["answer"] switch
    {
        "done" => new Answer.Acknowledged(),
        "custom" => new Answer.Custom(form.Where(field => !field.Key.StartsWith("__", StringComparison.Ordinal)).ToDictionary(field => field.Key, field => field.Value.ToString())),
        _ => (string?)form["code"] is var code && string.IsNullOrWhiteSpace(code) ? null : new Answer.Code(code),
    };
}
