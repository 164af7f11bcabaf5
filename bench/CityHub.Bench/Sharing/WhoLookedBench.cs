using System.Diagnostics;
using System.Globalization;
using System.Text;
using CityHub.Bench.Broker;
using CityHub.Core.Ports;
using CityHub.Sharing.Accountability;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Releases;
using CityHub.Storage.Embedded;

namespace CityHub.Bench.Sharing;

/// <summary>
/// Who looked at my data? A log of ten million accesses to 200,000 persons in acts of 500, as bulk releases record them, and the newest 100 looks of persons drawn at random. Beside it:
/// what the next start takes until the store with its acts is open, after a good-bye and after a crash.
/// </summary>
internal static class WhoLookedBench
{
    public const string Key = "who_looked_ms";

    private const int Persons = 200_000, Piece = 500, Looks = 100;

    public static async Task MeasureAsync(Figures figures, int rounds, long accesses, TextWriter output, CancellationToken cancel)
    {
        using var folder = new BenchFolder();
        figures.Say("who_looked_accesses", accesses);
        var random = new Random(7);
        await using (var store = EmbeddedStore.Open(folder.Path, TimeProvider.System).Value)
        {
            await FillAsync(store, accesses, output, cancel);
            var began = Stopwatch.GetTimestamp();
            if (!store.Acts.Newest(Name(0), long.MaxValue, 1).Any())
                throw new InvalidOperationException("Nobody has looked.");
            figures.Add("who_looked_catch_up_ms", [Stopwatch.GetElapsedTime(began).TotalMilliseconds]);
            var looked = new WhoLooked(store.Acts, store.Log, new NoCatalogue(), code => new Words(code, code));
            var times = new List<double>();
            for (var i = 0; i < rounds * 20; i++)
            {
                var person = Name(random.Next(Persons));
                began = Stopwatch.GetTimestamp();
                var looks = looked.Of(person, 0, Looks);
                times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                if (looks.Count < Math.Min(Looks, accesses / Persons / 2))
                    throw new InvalidOperationException($"{person} sees {looks.Count} looks.");
            }

            figures.Add(Key, times);
        }

        var start = Stopwatch.GetTimestamp();
        using (EmbeddedStore.Open(folder.Path, TimeProvider.System).Value)
            figures.Add("who_looked_start_ms", [Stopwatch.GetElapsedTime(start).TotalMilliseconds]);
    }

    private static async Task FillAsync(EmbeddedStore store, long accesses, TextWriter output, CancellationToken cancel)
    {
        var opening = Encoding.UTF8.GetBytes("""{"grant":"bench","grantVersion":1,"dataset":"register","datasetVersion":1,"provider":"police","purpose":"rescue","right":"obtain","mode":"batch","receiver":"fire","person":"fire.clerk","basis":"decree 809, art. 20","fields":["id","born"]}""");
        var under = new Queue<Task>();
        long done = 0, shown = 0, first = 0;
        for (long piece = 0; done < accesses; piece++)
        {
            // Openings stand before what is seen under them; one for every hundred pieces.
            if (piece % 100 == 0)
                first = (await store.Acts.RecordAsync(new Act(ReleaseActs.Opened, opening), cancel)).Value.Position;
            var from = (int)(piece * 7919 % (Persons / Piece)) * Piece;
            var act = ReleaseActs.SeenIn(first, Enumerable.Range(from, Piece).Select(Name));
            under.Enqueue(Task.Run(async () => _ = (await store.Acts.RecordAsync(act, cancel)).Value, cancel));
            while (under.Count > 64)
                await under.Dequeue();
            done += Piece;
            if (done - shown >= accesses / 5)
            {
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {shown = done:N0} accesses recorded"));
                output.Flush();
            }
        }

        await Task.WhenAll(under);
    }

    private static string Name(int person) => SharedFolder.KeyOf(person);

    private sealed class NoCatalogue : ICatalogue
    {
        public long Version => 1;

        public IEnumerable<Dataset> Published => [];

        public Dataset? Find(string id) => null;

        public Dataset? OfType(string tenant, string entityType) => null;

        public bool IsNegative(string dataset) => false;
    }
}
