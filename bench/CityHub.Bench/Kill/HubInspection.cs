using System.Globalization;
using System.Text.Json;
using CityHub.Bench.Broker;

namespace CityHub.Bench.Kill;

/// <summary>Asks a hub for everything that the loads of all lives (<see cref="HubTarget"/>) can have left, and whether its parts agree.</summary>
internal sealed class HubInspection(HttpConnection hub, List<string> wrong, int writers, int batchSize)
{
    private const int Page = 1_000;

    public async Task RunAsync(Action<string> present, IEnumerable<string> deleted)
    {
        foreach (var id in await IdsAsync("KillCreated"))
            present($"c:{id["urn:kill:created:".Length..]}");
        var there = new HashSet<string>(await IdsAsync("KillDeleted"), StringComparer.Ordinal);
        foreach (var id in deleted)
            if (!there.Contains($"urn:kill:deleted:{id}"))
                present($"d:{id}");
        for (var writer = 0; writer < writers; writer++)
        {
            await TellAsync(Text($"urn:kill:updated:{writer}"), Text($"u:{writer}:"), current: true, present);
            await TellAsync(Text($"urn:kill:recorded:{writer}"), Text($"t:{writer}:"), current: false, present);
            List<long>? first = null;
            for (var i = 0; i < batchSize; i++)
            {
                var values = await TellAsync(Text($"urn:kill:batch:{writer}:{i}"), Text($"b:{writer}:{i}:"), current: true, present);
                first ??= values;
                if (!first.SequenceEqual(values))
                    wrong.Add(Text($"the batches of writer {writer} are not whole: {first.Count} reached its first entity and {values.Count} the one numbered {i}"));
            }
        }
    }

    /// <summary>The values in the history of an entity, told one by one; what the entity is now is the newest of them.</summary>
    private async Task<List<long>> TellAsync(string id, string prefix, bool current, Action<string> present)
    {
        var values = await HistoryAsync(id);
        foreach (var value in values)
            present(prefix + value.ToString(CultureInfo.InvariantCulture));
        if (current && await ValueAsync(id) is var now && now != (values.Count == 0 ? null : values.Max()))
            wrong.Add(Text($"{id} is at {now}, the newest in its history is {(values.Count == 0 ? null : values.Max())}"));
        return values;
    }

    private async Task<List<string>> IdsAsync(string type)
    {
        var ids = new List<string>();
        while (true)
        {
            using var page = await GetAsync(Text($"/ngsi-ld/v1/entities?type={type}&limit={Page}&offset={ids.Count}")) ?? throw new InvalidOperationException("A query finds nothing at all.");
            foreach (var entity in page.RootElement.EnumerateArray())
                ids.Add(entity.GetProperty("id").GetString() ?? "");
            if (page.RootElement.GetArrayLength() < Page)
                return ids;
        }
    }

    private async Task<long?> ValueAsync(string id)
    {
        using var entity = await GetAsync($"/ngsi-ld/v1/entities/{id}");
        return entity?.RootElement.GetProperty("n").GetProperty("value").GetInt64();
    }

    private async Task<List<long>> HistoryAsync(string id)
    {
        using var history = await GetAsync($"/ngsi-ld/v1/temporal/entities/{id}?options=temporalValues");
        if (history is null || !history.RootElement.TryGetProperty("n", out var n))
            return [];
        return [.. n.GetProperty("values").EnumerateArray().Select(v => v[0].GetInt64())];
    }

    private async Task<JsonDocument?> GetAsync(string path)
    {
        var (status, body) = await hub.AskAsync(HttpLoad.Request("GET", path));
        return status switch
        {
            200 => JsonDocument.Parse(body),
            404 => null,
            _ => throw new InvalidOperationException($"{path} answers {status}: {System.Text.Encoding.UTF8.GetString(body)}"),
        };
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
