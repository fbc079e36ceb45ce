using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using IdP.Server.Storage.Clients;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace IdP.Server.Cli.Apply;

/// <summary>JSON or YAML text as one tree, so that everything behind this point knows one form only.</summary>
internal static partial class DocumentReader
{
    private const int Deepest = 16;
    private const int Largest = 200_000;

    private static readonly JsonDocumentOptions Lenient = new() { AllowDuplicateProperties = false, AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip, MaxDepth = Deepest };

    /// <summary>The document's object.</summary>
    /// <param name="name">File name; .json, .yaml and .yml decide, otherwise the first character does.</param>
    /// <exception cref="FaultsException">It cannot be read; says line and column.</exception>
    public static JsonObject Read(string name, string text)
    {
        var root = IsJson(name, text) ? Json(text) : Yaml(text);
        return root as JsonObject ?? throw new FaultsException("", "the document must be an object with the members scopes, clients, users, bindingPolicies");
    }

    private static bool IsJson(string name, string text) => Path.GetExtension(name).ToUpperInvariant() switch
    {
        ".JSON" => true,
        ".YAML" or ".YML" => false,
        _ => text.AsSpan().TrimStart() is ['{', ..],
    };

    private static JsonNode? Json(string text)
    {
        try
        {
            return JsonNode.Parse(text, documentOptions: Lenient);
        }
        catch (JsonException e) when (e.LineNumber is { } line)
        {
            throw new FaultsException($"line {line + 1}, column {e.BytePositionInLine + 1}", "not valid JSON: " + WithoutPosition(e.Message));
        }
        catch (JsonException e)
        {
            throw new FaultsException("", "not valid JSON: " + e.Message);
        }
    }

    private static string WithoutPosition(string message) =>
        message.IndexOf(" LineNumber:", StringComparison.Ordinal) is > 0 and var cut ? message[..cut] : message;

    private static JsonNode? Yaml(string text)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            var budget = Largest;
            return stream.Documents.Count switch
            {
                0 => null,
                1 => Convert(stream.Documents[0].RootNode, 0, ref budget),
                _ => throw new FaultsException("", "the file has more than one YAML document"),
            };
        }
        catch (YamlException e)
        {
            throw new FaultsException($"line {e.Start.Line}, column {e.Start.Column}", "not valid YAML: " + e.Message);
        }
    }

    private static JsonNode? Convert(YamlNode node, int depth, ref int budget)
    {
        // Anchors can fold a small file into an endless one.
        if (depth > Deepest || --budget < 0)
            throw new YamlException(node.Start, node.End, "nested too deeply or too large");
        switch (node)
        {
            case YamlScalarNode { Style: ScalarStyle.Plain } plain:
                return Plain(plain.Value ?? "");
            case YamlScalarNode quoted:
                return quoted.Value;
            case YamlSequenceNode list:
                var array = new JsonArray();
                foreach (var item in list)
                    array.Add(Convert(item, depth + 1, ref budget));
                return array;
            case YamlMappingNode map:
                var members = new JsonObject();
                foreach (var (key, value) in map)
                {
                    if (!members.TryAdd((key as YamlScalarNode)?.Value ?? "", Convert(value, depth + 1, ref budget)))
                        throw new YamlException(key.Start, key.End, $"'{key}' appears twice");
                }

                return members;
            default:
                throw new YamlException(node.Start, node.End, "cannot be used here");
        }
    }

    /// <summary>YAML 1.2 core schema, as far as JSON has the types: an unquoted yes stays the word "yes".</summary>
    private static JsonNode? Plain(string value) => value switch
    {
        "" or "~" or "null" or "Null" or "NULL" => null,
        "true" or "True" or "TRUE" => true,
        "false" or "False" or "FALSE" => false,
        _ when Number().IsMatch(value) && long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
        _ => value,
    };

    /// <summary>No leading zero: 007 is a word to us, as it is no JSON number.</summary>
    [GeneratedRegex("^-?(0|[1-9][0-9]*)$")]
    private static partial Regex Number();
}
