using System.Text.Json;
using IdP.Protocol;
using IdP.Server.Hosting;
using IdP.Server.Storage;
using IdP.Server.Storage.Protocol;

namespace IdP.Server.Connect;

/// <summary>Sign-outs that an app posted, until the browser comes back for them with its cookies. Their loss costs a question: the person is asked.</summary>
internal sealed class PutAsideSignOuts(IEphemeralStore ephemeral, IdpOptions options)
{
    /// <param name="asked">Checked and cut to size before: anybody can post.</param>
    /// <returns>The handle; as long as a person may think about it, it can be read again.</returns>
    public async Task<string> StoreAsync(Dictionary<string, string> asked, CancellationToken cancel)
    {
        var handle = Handles.New();
        await ephemeral.SetAsync(Key(handle), JsonSerializer.SerializeToUtf8Bytes(asked, StorageJson.Default.DictionaryStringString), options.SignIn.Patience, cancel);
        return handle;
    }

    /// <summary>Nothing at all when the handle is unknown or too old.</summary>
    public async Task<Parameters> FindAsync(string handle, CancellationToken cancel) =>
        new(await ephemeral.GetAsync(Key(handle), cancel) is { } kept && Stored.Read(kept, StorageJson.Default.DictionaryStringString) is { } asked ? asked : []);

    // In the room of posted authorization requests, which has bounds of its own: anybody can fill it.
    private static string Key(string handle) => "par:sign-out:" + handle;
}
