using System.Globalization;
using System.Text;
using CityHub.Context.Entities;
using CityHub.Context.JsonLd;
using CityHub.Core.Ports;
using CityHub.Core.Problems;

namespace CityHub.Server.DemoCity;

/// <summary>Makes the demo city live in a hub: its places, its back-history, then reading after reading.</summary>
internal sealed class LivingCity(IObservations observations, Shuzhou city, Things things, TimeProvider time)
{
    private const int Batch = 2_000;

    /// <summary>Readings recorded since the start.</summary>
    public long Readings { get; private set; }

    /// <summary>The places as entities: outline, level, names in two languages, and the scope that finds everything in them.</summary>
    public async Task<Problem?> BuildAsync(Broker broker, CancellationToken cancel)
    {
        var built = await broker.DecideAsync<Done>("", EntityFacts.Batch, known =>
        {
            var edits = new List<EntityEdit>();
            foreach (var place in (IEnumerable<Place>)[city.City, .. city.Districts, .. city.Towns])
            {
                if (known.Find(place.Id) is not null)
                    continue;
                var fragment = EntityReader.Read(Encoding.UTF8.GetBytes(Json(place)), LdContext.Core, ReadMode.Entity);
                if (!fragment.Ok)
                    return fragment.Problem;
                edits.Add(EntityChanges.Create(fragment.Value, place.Id, known.Now));
            }

            return new Decision<Done>(edits, Done.Value);
        }, cancel);
        return built.Problem;
    }

    /// <summary>Hourly readings of the days before now; the shortest step that shows day and week.</summary>
    public async Task<Problem?> RememberAsync(DateTimeOffset now, int days, Action<double> progress, CancellationToken cancel)
    {
        var hours = days * 24;
        var begin = new DateTimeOffset(now.Year, now.Month, now.Day, now.Hour, 0, 0, TimeSpan.Zero).AddHours(-hours);
        for (var hour = 0; hour < hours; hour++)
        {
            if (await RecordAsync(things.All, begin.AddHours(hour), cancel) is { } problem)
                return problem;
            progress((hour + 1.0) / hours);
        }

        return null;
    }

    /// <summary>Lets the city live until it is cancelled: each device reports in its period, the city's time running <paramref name="speed"/> times as fast.</summary>
    /// <param name="wire">Over which the devices speak.</param>
    public async Task LiveAsync(Wire wire, DateTimeOffset start, double speed, CancellationToken cancel)
    {
        var due = new PriorityQueue<Thing, long>();
        foreach (var thing in things.All)
            due.Enqueue(thing, start.UtcTicks + (long)(thing.Character * thing.Period.Ticks));
        var began = time.GetTimestamp();
        var ready = new List<Thing>();
        while (!cancel.IsCancellationRequested)
        {
            var now = start + time.GetElapsedTime(began) * speed;
            ready.Clear();
            while (due.TryPeek(out _, out var at) && at <= now.UtcTicks && ready.Count < Batch)
            {
                due.TryDequeue(out var thing, out at);
                if (thing is null)
                    continue;
                ready.Add(thing);
                // A machine that cannot keep up leaves readings out rather than falling behind.
                due.Enqueue(thing, Math.Max(at + thing.Period.Ticks, now.UtcTicks - thing.Period.Ticks));
            }

            if (ready.Count > 0)
                Readings += await wire.SendAsync(Read(ready, now), cancel);
            else
                await Task.Delay(TimeSpan.FromMilliseconds(100), time, cancel);
        }
    }

    private async Task<Problem?> RecordAsync(IReadOnlyList<Thing> which, DateTimeOffset at, CancellationToken cancel)
    {
        var readings = Read(which, at);
        if (readings.Count == 0)
            return null;
        var recorded = await observations.RecordAsync("", [.. readings.Select(r => r.Reading)], cancel);
        Readings += readings.Count;
        return recorded.Problem;
    }

    private List<(Thing Thing, Observation Reading)> Read(IReadOnlyList<Thing> which, DateTimeOffset at)
    {
        // Devices tell whole seconds.
        at = new DateTimeOffset(at.UtcTicks / TimeSpan.TicksPerSecond * TimeSpan.TicksPerSecond, TimeSpan.Zero);
        var readings = new List<(Thing Thing, Observation Reading)>(which.Count);
        foreach (var thing in which)
            if (things.Read(thing, at) is { } reading)
                readings.Add((thing, reading));
        return readings;
    }

    private static string Json(Place place) => string.Create(CultureInfo.InvariantCulture, $$"""
        {"id":"{{place.Id}}","type":"AdministrativeArea","scope":"{{place.Scope}}",
         "name":{"type":"LanguageProperty","languageMap":{"zh":"{{place.Name}}","en":"{{place.EnglishName}}"} },
         "level":{"type":"Property","value":"{{place.Level}}"},
         "location":{"type":"GeoProperty","value":{{Shuzhou.GeoJson(place)}} } }
        """);
}
