using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace IdP.Server.Tests.Hosting;

/// <summary>A small database in MaxMind's format (MaxMind DB File Format Specification 2.0): a tree over the bits of IPv4 addresses, and what stands at its leaves.</summary>
internal static class PlaceDatabase
{
    private const int RecordBits = 24;
    private static readonly byte[] MetadataMark = [0xab, 0xcd, 0xef, .. "MaxMind.com"u8];

    /// <param name="places">Networks that do not overlap, each with its city's and country's names by language.</param>
    public static byte[] Make(string type, params (string Network, Dictionary<string, string>? City, Dictionary<string, string>? Country)[] places)
    {
        List<int?[]> nodes = [[null, null]];
        using var data = new MemoryStream();
        // Leaves are numbered below zero until it is known how many nodes there are.
        foreach (var (network, city, country) in places)
        {
            var range = IPNetwork.Parse(network);
            var bits = BinaryPrimitives.ReadUInt32BigEndian(range.BaseAddress.GetAddressBytes());
            var at = 0;
            for (var depth = 0; depth < range.PrefixLength - 1; depth++)
            {
                var side = Side(bits, depth);
                if (nodes[at][side] is null)
                {
                    nodes.Add([null, null]);
                    nodes[at][side] = nodes.Count - 1;
                }

                at = nodes[at][side]!.Value;
            }

            nodes[at][Side(bits, range.PrefixLength - 1)] = -1 - (int)data.Position;
            Map(data, [.. Named("city", city), .. Named("country", country)]);
        }

        using var file = new MemoryStream();
        foreach (var record in nodes.SelectMany(node => node))
            file.Write(Big((uint)(record is null ? nodes.Count : record < 0 ? nodes.Count + 16 + (-1 - record.Value) : record.Value), RecordBits / 8));
        file.Write(new byte[16]);
        data.WriteTo(file);
        file.Write(MetadataMark);
        Map(file,
            ("node_count", to => Number(to, 6, (uint)nodes.Count)), ("record_size", to => Number(to, 5, RecordBits)), ("ip_version", to => Number(to, 5, 4)),
            ("database_type", to => Text(to, type)), ("languages", to => to.Write([0x00, 0x04])), ("binary_format_major_version", to => Number(to, 5, 2)),
            ("binary_format_minor_version", to => Number(to, 5, 0)), ("build_epoch", to => to.Write([0x04, 0x02, .. Big(1_700_000_000, 4)])), ("description", to => Map(to)));
        return file.ToArray();
    }

    private static int Side(uint bits, int depth) => (int)(bits >> (31 - depth)) & 1;

    private static IEnumerable<(string, Action<Stream>)> Named(string what, Dictionary<string, string>? names) => names is null ? [] :
        [(what, to => Map(to, ("names", inner => Map(inner, [.. names.Select(name => (name.Key, (Action<Stream>)(leaf => Text(leaf, name.Value))))]))))];

    private static void Map(Stream to, params (string Key, Action<Stream> Value)[] members)
    {
        to.WriteByte((byte)((7 << 5) | members.Length));
        foreach (var (key, value) in members)
        {
            Text(to, key);
            value(to);
        }
    }

    private static void Text(Stream to, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        to.WriteByte((byte)((2 << 5) | bytes.Length));
        to.Write(bytes);
    }

    private static void Number(Stream to, int type, uint value)
    {
        to.WriteByte((byte)((type << 5) | (type == 5 ? 2 : 4)));
        to.Write(Big(value, type == 5 ? 2 : 4));
    }

    private static byte[] Big(uint value, int bytes)
    {
        var all = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(all, value);
        return all[^bytes..];
    }
}
