using System.Text.Json;
using CityHub.Context.Entities;
using CityHub.Context.JsonLd;
using CityHub.Context.Temporal;
using CityHub.Core.Facts;
using CityHub.Sensing;

namespace CityHub.Server.Sharing.Entities;

/// <summary>Which facts of the log say something of entities of guarded types: whoever reads the log sees that they happened, and not what they say.</summary>
internal sealed class WithheldFacts(CatalogueGuard guard, Broker broker, History history)
{
    /// <summary>Whether the device of a tenant sends what becomes entities of guarded types.</summary>
    public Func<string, string, bool> Sends { get; set; } = (_, _) => false;

    public bool Holds(in Fact fact)
    {
        if (fact.Type == SensingRoom.PayloadRefused)
        {
            using var letter = JsonDocument.Parse(fact.Payload);
            return Sends(TenantOf(fact.Stream), letter.RootElement.GetProperty("device"u8).GetString() ?? "");
        }

        var (stream, at) = (fact.Stream, fact.Stream.IndexOf('@', StringComparison.Ordinal));
        if (!(at < 0 ? stream.AsSpan() : stream.AsSpan(0, at)).SequenceEqual(Broker.StreamName))
            return false;
        var tenant = TenantOf(stream);
        if (guard.In(tenant) is not { } guarded)
            return false;
        if (fact.Type == History.Removed)
        {
            using var json = JsonDocument.Parse(fact.Payload);
            return IsGuarded(json.RootElement.GetProperty("id"u8).GetString() ?? "", null);
        }

        return EntityFacts.Decode(fact.Payload).Any(edit => IsGuarded(edit.Id, edit.Types));

        // What is gone and has no history left is not known by its type any more: then nothing is said of it.
        bool IsGuarded(string id, int[]? types)
        {
            int[] known = [.. types ?? [], .. broker.Table(tenant)?.Find(id)?.Types ?? [], .. history.Find(tenant, id)?.Types ?? []];
            return known.Length == 0 || known.Any(guarded.ContainsKey);
        }

        static string TenantOf(string stream) => stream.IndexOf('@', StringComparison.Ordinal) is >= 0 and var at ? stream[(at + 1)..] : "";
    }
}
