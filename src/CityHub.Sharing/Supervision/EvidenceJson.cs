using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace CityHub.Sharing.Supervision;

/// <summary>The kinds of evidence that supervision itself records, as facts: the name of the record is the type of the fact.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip)]
[JsonSerializable(typeof(Evidence.ConditionAdded))]
[JsonSerializable(typeof(Evidence.ConditionLifted))]
[JsonSerializable(typeof(Evidence.UpdateAsked))]
[JsonSerializable(typeof(Evidence.UpdateGiven))]
[JsonSerializable(typeof(Evidence.FlowBackAsked))]
[JsonSerializable(typeof(Evidence.ServiceRestored))]
[JsonSerializable(typeof(Evidence.PlatformRegistered))]
[JsonSerializable(typeof(Evidence.PlatformIncorporated))]
[JsonSerializable(typeof(Evidence.CollectedTwice))]
[JsonSerializable(typeof(Evidence.CollectionEnded))]
[JsonSerializable(typeof(Evidence.Used))]
[JsonSerializable(typeof(Evidence.LeakTraced))]
[JsonSerializable(typeof(Evidence.UseRectified))]
[JsonSerializable(typeof(Evidence.RecordsDestroyed))]
[JsonSerializable(typeof(Evidence.DutyNeglected))]
[JsonSerializable(typeof(Evidence.DutyMet))]
[JsonSerializable(typeof(Evidence.LeadSourceMissing))]
[JsonSerializable(typeof(Evidence.LeadSourceNamed))]
internal sealed partial class EvidenceJson : JsonSerializerContext
{
    /// <summary>What people record; the hub records the others, from what it sees.</summary>
    public static IReadOnlyCollection<string> Recorded => Kinds.Recorded;

    /// <summary>Null: not of these kinds, or it lacks something.</summary>
    public static Evidence? Read(string kind, ReadOnlySpan<byte> json)
    {
        if (!Kinds.ByName.TryGetValue(kind, out var info))
            return null;
        try
        {
            return JsonSerializer.Deserialize(json, info) as Evidence;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static byte[] Write(Evidence evidence) => JsonSerializer.SerializeToUtf8Bytes(evidence, Kinds.ByName[evidence.GetType().Name]);

    /// <summary>In a class of its own, because the order in which statics of a partial class are made is nobody's business.</summary>
    private static class Kinds
    {
        /// <summary>By the name of the fact.</summary>
        public static readonly Dictionary<string, JsonTypeInfo> ByName = new JsonTypeInfo[]
        {
            Default.ConditionAdded, Default.ConditionLifted, Default.UpdateAsked, Default.UpdateGiven, Default.FlowBackAsked, Default.ServiceRestored, Default.PlatformRegistered, Default.PlatformIncorporated,
            Default.CollectedTwice, Default.CollectionEnded, Default.Used, Default.LeakTraced, Default.UseRectified, Default.RecordsDestroyed, Default.DutyNeglected, Default.DutyMet, Default.LeadSourceMissing, Default.LeadSourceNamed,
        }.ToDictionary(k => k.Type.Name, StringComparer.Ordinal);

        public static readonly IReadOnlyCollection<string> Recorded =
            [.. ByName.Keys.Except([nameof(Evidence.CollectedTwice), nameof(Evidence.CollectionEnded), nameof(Evidence.LeadSourceMissing), nameof(Evidence.LeadSourceNamed)])];
    }
}
