using System.Net;
using System.Text.Json;
using IdP.Protocol;
using IdP.Server.Hosting;
using IdP.Server.Storage;
using IdP.Server.Storage.Protocol;

namespace IdP.Server.Connect;

/// <summary>Sign-outs that an app posted, until the browser comes back for them with its cookies. Their loss costs a question: the person is asked.</summary>
internal sealed class PutAsideSignOuts(SealedStore ephemeral, IdpOptions options)
{
    /// <param name="asked">Checked and cut to size before: anybody can post.</param>
    /// <returns>The handle; as long as a person may think about it, it can be read again.</returns>
    /// <param name="address">Who posts it: it counts against that.</param>
    public async Task<string> StoreAsync(Dictionary<string, string> asked, IPAddress? address, CancellationToken cancel)
    {
        var handle = Handles.New();
        await ephemeral.SetAsync(
            Key(handle), JsonSerializer.SerializeToUtf8Bytes(asked, StorageJson.Default.DictionaryStringString), options.SignIn.Patience,
            Holder.Stranger(address), cancel);
        return handle;
    }

    /// <summary>Nothing at all when the handle is unknown or too old.</summary>
    public async Task<Parameters> FindAsync(string handle, CancellationToken cancel) =>
        new(await ephemeral.GetAsync(Key(handle), cancel) is { } kept && Stored.Read(kept.Value, StorageJson.Default.DictionaryStringString) is { } asked ? asked : []);

    private static string Key(string handle) => "sign-out:" + handle;
}
