using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CityHub.Context.Entities;
using CityHub.Context.JsonLd;
using CityHub.Core.Problems;
using CityHub.Tests.Context.Subscriptions;
using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Conformance.SmartDataModels;

/// <summary>
/// The normalized examples of Smart Data Models, as they are published: what is well-formed comes back from the broker as the same JSON (members in any
/// order, numbers to the last digit of their spelling), and what is not is refused with its name. Which attributes are malformed is decided here by
/// looking at the document alone.
/// </summary>
public sealed partial class SmartDataModelTests : IDisposable
{
    private static readonly Dictionary<string, string> ValueMembers = new(StringComparer.Ordinal)
    {
        ["Property"] = "value", ["GeoProperty"] = "value", ["Relationship"] = "object", ["LanguageProperty"] = "languageMap", ["VocabProperty"] = "vocab",
        ["JsonProperty"] = "json", ["ListProperty"] = "valueList", ["ListRelationship"] = "objectList",
    };

    private readonly EmbeddedUnderTest _store = new();

    public void Dispose() => _store.Dispose();

    public static TheoryData<string> Examples()
    {
        var examples = new TheoryData<string>();
        if (SharedData.TryFind("smart-data-models", out var folder))
            foreach (var file in Directory.EnumerateFiles(folder, "example-normalized.jsonld", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
                examples.Add(Path.GetRelativePath(folder, Path.GetDirectoryName(file) ?? folder));
        if (examples.Count == 0)
            examples.Add("absent");
        return examples;
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task What_is_well_formed_comes_back_and_what_is_not_is_refused_by_its_name(string model)
    {
        var folder = SharedData.Need("smart-data-models");
        var example = JsonNode.Parse(await File.ReadAllBytesAsync(Path.Combine(folder, model, "example-normalized.jsonld"), TestContext.Current.CancellationToken))?.AsObject() ?? [];
        var context = await ContextOf(folder, model, example);
        foreach (var name in Malformed(example))
        {
            var alone = new JsonObject { ["id"] = "urn:ngsi-ld:T:1", ["type"] = "T", [name] = example[name]?.DeepClone() };
            var refused = Read(alone, context);
            Assert.False(refused.Ok, $"{name}: {example[name]?.ToJsonString()}");
            Assert.Contains(name, refused.Problem.Detail, StringComparison.Ordinal);
            example.Remove(name);
        }

        if (!IsUri(example["id"]?.GetValue<string>() ?? ""))
        {
            var refused = Read(example, context);
            Assert.StartsWith("id is not a URI", refused.Problem?.Detail, StringComparison.Ordinal);
            example["id"] = "urn:ngsi-ld:T:1";
        }

        var broker = new Broker(_store.Log, _store.Snapshots, TimeProvider.System);
        broker.Start(long.MaxValue);
        var read = Read(example, context);
        Assert.True(read.Ok, read.Problem?.Detail);
        var id = read.Value.Id ?? "";
        Assert.True((await broker.DecideAsync<Done>("", EntityFacts.Created, known => new Decision<Done>([EntityChanges.Create(read.Value, id, known.Now)], Done.Value), CancellationToken.None)).Ok);
        _store.Reopen();
        broker = new Broker(_store.Log, _store.Snapshots, TimeProvider.System);
        broker.Start(0);

        var entity = broker.Table("")?.Find(id)?.Unpacked();
        Assert.NotNull(entity);
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
            EntityWriter.Write(json, entity, context, Representation.Default, withContext: false);
        example.Remove("@context");
        Assert.Equal(Plain(example), Plain(JsonNode.Parse(buffer.WrittenSpan)));
    }

    [Fact]
    public void Real_dirty_data_is_among_them()
    {
        var folder = SharedData.Need("smart-data-models");
        var malformed = Directory.EnumerateFiles(folder, "example-normalized.jsonld", SearchOption.AllDirectories)
            .Sum(file => Malformed(JsonNode.Parse(File.ReadAllBytes(file))?.AsObject() ?? []).Count);
        Assert.Equal(32, malformed);
    }

    private static Result<EntityFragment> Read(JsonObject entity, LdContext context) =>
        EntityReader.Read(Encoding.UTF8.GetBytes(entity.ToJsonString()), context, ReadMode.Entity);

    private static List<string> Malformed(JsonObject example) =>
        [.. example.Where(m => m.Key is not ("id" or "type" or "@context" or "scope") && (!IsName(m.Key) || !Instances(m.Value).All(i => IsWellFormed(m.Key, i)))).Select(m => m.Key)];

    private static JsonArray Instances(JsonNode? value) => value as JsonArray ?? [value?.DeepClone()];

    private static bool IsName(string name) => name is not ("observedAt" or "datasetId" or "instanceId") && name.All(c => char.IsLetterOrDigit(c) || c is '_' or ':' or '/' or '.' or '-' or '#');

    /// <summary>An object with a type of clause 4.5.2 and the member that carries its value; a URI for a link, a geometry for a place, UTC for a time; and so inside.</summary>
    private static bool IsWellFormed(string name, JsonNode? instance)
    {
        if (instance is not JsonObject attribute || attribute["type"] is not JsonValue type || !type.TryGetValue<string>(out var kind)
            || !ValueMembers.TryGetValue(kind, out var member) || !attribute.TryGetPropertyValue(member, out var value))
            return false;
        if (kind == "Relationship" && !Instances(value).All(v => v is JsonValue target && target.TryGetValue<string>(out var uri) && IsUri(uri)))
            return false;
        if (kind != "GeoProperty" && name is "location" or "observationSpace" or "operationSpace")
            return false;
        if (attribute["observedAt"]?.GetValue<string>() is { } at && (!at.EndsWith('Z') || !DateTimeOffset.TryParse(at, CultureInfo.InvariantCulture, out _)))
            return false;
        return attribute.All(m => m.Key is "type" or "observedAt" or "unitCode" or "datasetId" or "instanceId" || m.Key == member || IsName(m.Key) && Instances(m.Value).All(i => IsWellFormed(m.Key, i)));
    }

    private static bool IsUri(string text) => UriStart().IsMatch(text);

    /// <summary>The context that the example names; of several only those that are here.</summary>
    private async Task<LdContext> ContextOf(string folder, string model, JsonObject example)
    {
        var contexts = new ContextStore(_store.Log, TimeProvider.System, new Notifying.Counter(), null);
        contexts.Start([]);
        var named = new JsonArray();
        foreach (var url in (example["@context"] is JsonArray several ? several : [example["@context"]?.DeepClone()]).Select(u => u?.GetValue<string>() ?? ""))
        {
            if (Subject().Match(url) is { Success: true } match && Path.Combine(folder, match.Groups[1].Value, "context.jsonld") is var file && File.Exists(file))
                Assert.True(contexts.Supply(url, await File.ReadAllBytesAsync(file)).Ok);
            else if (!url.StartsWith("https://uri.etsi.org/ngsi-ld/", StringComparison.Ordinal))
                continue;
            named.Add(url);
        }

        if (named.Count == 0)
        {
            Assert.True(contexts.Supply("https://example.org/context", await File.ReadAllBytesAsync(Path.Combine(folder, model.Split('/', '\\')[0], "context.jsonld"))).Ok);
            named.Add("https://example.org/context");
        }

        var resolved = await contexts.ResolveAsync("", Encoding.UTF8.GetBytes(named.ToJsonString()), TestContext.Current.CancellationToken);
        Assert.True(resolved.Ok, resolved.Problem?.Detail);
        return resolved.Value;
    }

    /// <summary>JSON with sorted members, so that two documents that say the same are the same text.</summary>
    private static string Plain(JsonNode? node) => node switch
    {
        JsonObject members => $"{{{string.Join(',', members.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => $"{JsonSerializer.Serialize(m.Key)}:{Plain(m.Value)}"))}}}",
        JsonArray items => $"[{string.Join(',', items.Select(Plain))}]",
        null => "null",
        _ => node.ToJsonString(),
    };

    /// <summary>RFC 3986, 3.1: a scheme, then what a URI may have in it.</summary>
    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9+.-]*:[^\s<>""{}|\\^`]+$")]
    private static partial Regex UriStart();

    [GeneratedRegex(@"dataModel\.(\w+)/")]
    private static partial Regex Subject();
}
