using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Text;
using CityHub.Context.Entities;
using CityHub.Context.JsonLd;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Core.Series;
using Attribute = CityHub.Context.Entities.Attribute;

namespace CityHub.Context.Temporal;

/// <summary>
/// Histories that come later. One batch of a tenant at a time: what is new is sought in the durable series, recorded, and seen by the next batch, so
/// that nothing is recorded twice however batches repeat or overlap. (A live reading of the same time and value that is on its way to the disk at this
/// very moment is not seen.)
/// </summary>
public sealed class Backfill(Broker broker, ISeries series) : IBackfill
{
    private const string LocationIri = "https://uri.etsi.org/ngsi-ld/location";

    /// <summary>One look into a series costs about as much as reading so many samples in a row.</summary>
    private const int SamplesPerLook = 64;

    private readonly ConcurrentDictionary<string, SemaphoreSlim> _gates = new(StringComparer.Ordinal);

    public async ValueTask<Result<Filled>> FillAsync(string tenant, IReadOnlyList<Observation> observations, CancellationToken cancel = default)
    {
        var things = Gather(observations);
        var gate = _gates.GetOrAdd(tenant, static _ => new SemaphoreSlim(1));
        await gate.WaitAsync(cancel);
        try
        {
            var (recorded, known) = (0, 0);
            foreach (var thing in things)
                foreach (var line in thing.Lines)
                {
                    var before = line.Readings.Count;
                    Sift(new SeriesKey(tenant, thing.Id, line.Attribute), line);
                    recorded += line.Readings.Count;
                    known += before - line.Readings.Count;
                }

            if (recorded == 0)
                return new Filled(0, known);
            var decided = await broker.DecideAsync<Done>(tenant, EntityFacts.Observed, now => new Decision<Done>(Decide(now, things), Done.Value), CancellationToken.None);
            return decided.Ok ? new Filled(recorded, known) : decided.Problem;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>By thing and attribute, in the order of time.</summary>
    private static List<Thing> Gather(IReadOnlyList<Observation> observations)
    {
        var things = new List<Thing>();
        var byId = new Dictionary<string, Thing>(StringComparer.Ordinal);
        Thing? last = null;
        foreach (var observation in observations)
        {
            // Files mostly go on about the same thing.
            if (last is null || last.Id != observation.Entity)
            {
                if (!byId.TryGetValue(observation.Entity, out last))
                {
                    byId[observation.Entity] = last = new Thing(observation.Entity, observation.Type);
                    things.Add(last);
                }
            }

            var time = observation.ObservedAt.UtcTicks;
            for (var i = 0; i < observation.Values.Count; i++)
            {
                var value = observation.Values[i];
                last.LineOf(value.Attribute, i).Readings.Add(new Reading(time, value.Value, value.Unit));
            }

            if (observation.Location is { } at)
                last.LineOf(LocationIri, observation.Values.Count).Readings.Add(new Reading(
                    time, Encoding.UTF8.GetBytes(FormattableString.Invariant($"{{\"type\":\"Point\",\"coordinates\":[{at.Longitude},{at.Latitude}]}}")), null));
        }

        foreach (var thing in things)
            foreach (var line in thing.Lines)
                line.Order();
        return things;
    }

    /// <summary>Takes out what is there twice and what the history has.</summary>
    private void Sift(SeriesKey key, Line line)
    {
        var readings = line.Readings;
        line.DropRepeats();
        if (line.IsPlace)
            DropUnmoved(key, readings);
        var (count, first, last) = readings.Count == 0 ? default : series.Extent(key);
        if (count == 0 || readings[0].Time > last || readings[^1].Time < first)
            return;
        var span = Math.Max(1, last - first);
        var overlap = Math.Min(last, readings[^1].Time) - Math.Max(first, readings[0].Time);
        if ((double)count * overlap / span > (double)readings.Count * SamplesPerLook)
        {
            readings.RemoveAll(reading =>
            {
                foreach (var sample in series.Read(key, reading.Time, reading.Time + 1))
                    if (reading.IsSameAs(key, sample))
                        return true;
                return false;
            });
            return;
        }

        // Both in the order of time: one walk along both.
        var (at, kept) = (0, 0);
        using var samples = series.Read(key, readings[0].Time, readings[^1].Time + 1).GetEnumerator();
        var sameTime = new List<Sample>();
        var more = samples.MoveNext();
        while (at < readings.Count)
        {
            var time = readings[at].Time;
            while (more && samples.Current.Time < time)
                more = samples.MoveNext();
            sameTime.Clear();
            while (more && samples.Current.Time == time)
            {
                sameTime.Add(samples.Current);
                more = samples.MoveNext();
            }

            for (; at < readings.Count && readings[at].Time == time; at++)
            {
                var reading = readings[at];
                var known = false;
                foreach (var sample in sameTime)
                    known |= reading.IsSameAs(key, sample);
                if (!known)
                    readings[kept++] = reading;
            }
        }

        readings.RemoveRange(kept, readings.Count - kept);
    }

    /// <summary>A thing that has not moved says so with every reading; its place is recorded only when it does.</summary>
    private void DropUnmoved(SeriesKey key, List<Reading> readings)
    {
        ReadOnlyMemory<byte> before = default;
        foreach (var sample in series.Read(key, 0, readings[0].Time + 1, newestFirst: true, limit: 1))
            before = Samples.ToAttribute(key, 0, sample).Value;
        readings.RemoveAll(reading =>
        {
            var stayed = reading.Value.Span.SequenceEqual(before.Span);
            before = reading.Value;
            return stayed;
        });
    }

    private static List<EntityEdit> Decide(Known known, List<Thing> things)
    {
        var edits = new List<EntityEdit>(things.Count);
        foreach (var thing in things)
        {
            if (thing.Lines.TrueForAll(l => l.Readings.Count == 0))
                continue;
            var entity = known.Find(thing.Id);
            var set = new List<Attribute>();
            var past = new List<Attribute>();
            foreach (var line in thing.Lines)
            {
                if (line.Readings.Count == 0)
                    continue;
                var name = Iris.Intern(line.Attribute);
                var existing = entity?.Find(name);
                for (var i = 0; i < line.Readings.Count; i++)
                {
                    var reading = line.Readings[i];
                    var attribute = EntityChanges.Stamp(
                        new Attribute
                        {
                            Name = name, Kind = line.IsPlace ? AttributeKind.GeoProperty : AttributeKind.Property, Value = reading.Value, UnitCode = reading.Unit,
                            ObservedAt = reading.Time, ObservedDigits = (byte)Times.Fewest(reading.Time),
                        },
                        existing,
                        known.Now);
                    var newest = i == line.Readings.Count - 1 && (existing is null || existing.ObservedAt <= reading.Time);
                    (newest ? set : past).Add(attribute);
                }
            }

            edits.Add(entity is null
                ? new EntityEdit
                {
                    Kind = EditKind.Created, Id = thing.Id, At = known.Now, CreatedAt = known.Now, Types = [Iris.Intern(thing.Type)], Scopes = [], ExpiresAt = 0, Set = set, Past = past,
                }
                : EntityChanges.Edit(entity, known.Now) with { Set = set, Past = past });
        }

        return edits;
    }

    private sealed class Thing(string id, string type)
    {
        public string Id { get; } = id;

        public string Type { get; } = type;

        public List<Line> Lines { get; } = [];

        /// <param name="guess">Rows of one table have the same attributes at the same places.</param>
        public Line LineOf(string attribute, int guess)
        {
            if (guess < Lines.Count && Lines[guess].Attribute == attribute)
                return Lines[guess];
            foreach (var line in Lines)
                if (line.Attribute == attribute)
                    return line;
            var added = new Line(attribute);
            Lines.Add(added);
            return added;
        }
    }

    /// <summary>What a batch says about one attribute of one thing.</summary>
    private sealed class Line(string attribute)
    {
        public string Attribute { get; } = attribute;

        public bool IsPlace { get; } = attribute == LocationIri;

        public List<Reading> Readings { get; } = [];

        public void Order()
        {
            for (var i = 1; i < Readings.Count; i++)
            {
                if (Readings[i - 1].Time <= Readings[i].Time)
                    continue;
                var sorted = Readings.OrderBy(r => r.Time).ToList(); // LINQ's order is stable.
                Readings.Clear();
                Readings.AddRange(sorted);
                return;
            }
        }

        public void DropRepeats()
        {
            var kept = 0;
            for (var i = 0; i < Readings.Count; i++)
            {
                var repeated = false;
                for (var j = kept - 1; j >= 0 && Readings[j].Time == Readings[i].Time && !repeated; j--)
                    repeated = Readings[j].IsSameAs(Readings[i]);
                if (!repeated)
                    Readings[kept++] = Readings[i];
            }

            Readings.RemoveRange(kept, Readings.Count - kept);
        }
    }

    private readonly record struct Reading(long Time, ReadOnlyMemory<byte> Value, string? Unit)
    {
        /// <summary>12 and 12.0 are the same measurement.</summary>
        public bool IsSameAs(Reading other) => Unit == other.Unit && (Value.Span.SequenceEqual(other.Value.Span) || (Number(Value.Span) is { } number && number == Number(other.Value.Span)));

        public bool IsSameAs(SeriesKey key, Sample sample)
        {
            var number = Number(Value.Span);
            if (sample.Body.IsEmpty)
                return Unit is null && number == sample.Number;
            if (number is null != double.IsNaN(sample.Number) || (number is { } mine && mine != sample.Number))
                return false;
            var known = Samples.ToAttribute(key, 0, sample);
            return known.UnitCode == Unit && (number is not null || known.Value.Span.SequenceEqual(Value.Span));
        }

        private static double? Number(ReadOnlySpan<byte> json) =>
            json is [(byte)'-' or (>= (byte)'0' and <= (byte)'9'), ..] && Utf8Parser.TryParse(json, out double number, out var used) && used == json.Length ? number : null;
    }
}
