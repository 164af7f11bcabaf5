using System.Globalization;
using System.Text;
using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Storage.Embedded;

namespace CityHub.Bench.Kill;

/// <summary>
/// The child of a kill run at the level of the store: appends from many tasks, prints each id once it is acknowledged, and keeps a
/// view and snapshots as a hub does. It never ends by itself.
/// </summary>
public static class KillChild
{
    /// <summary>The hidden verb: `kill-child FOLDER RUN`.</summary>
    public const string Verb = "kill-child";

    internal const string Ready = "ready";
    internal const string ViewName = "count";
    internal const string SnapshotName = "ids";
    const int Writers = 12;

    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancel = default)
    {
        if (arguments.Count != 2 || !int.TryParse(arguments[1], CultureInfo.InvariantCulture, out int run))
        {
            await Console.Error.WriteLineAsync($"{Verb} FOLDER RUN");
            return 2;
        }

        if (!EmbeddedStore.Open(arguments[0], TimeProvider.System, Options).TryGet(out EmbeddedStore? store, out Problem? refused))
        {
            await Console.Error.WriteLineAsync(refused.ToString());
            return 3;
        }

        await using (store)
        {
            using Stream said = Console.OpenStandardOutput();
            Say(said, Ready);
            await Task.WhenAll([
                .. Enumerable.Range(0, Writers).Select(writer => Task.Run(() => WriteAsync(store.Log, said, run, writer, cancel), cancel)),
                Task.Run(() => ViewAsync(store, cancel), cancel),
            ]);
        }

        return 0;
    }

    /// <summary>Small measures: a short life sees many checkpoints.</summary>
    internal static EmbeddedOptions Options { get; } = new() { WalBytes = 1 << 20 };

    static void Say(Stream said, string line)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(line + "\n");
        lock (said)
        {
            said.Write(bytes);
        }
    }

    static async Task WriteAsync(IFactLog log, Stream said, int run, int writer, CancellationToken cancel)
    {
        var random = new Random(run * 1000 + writer);
        string stream = writer < 8 ? "shared" : $"own-{writer}";
        for (int n = 0; !cancel.IsCancellationRequested;)
        {
            // Mostly single facts, sometimes a few in one append: all of them or none.
            var facts = new NewFact[random.Next(10) == 0 ? random.Next(2, 6) : 1];
            var ids = new string[facts.Length];
            for (int i = 0; i < facts.Length; i++)
            {
                ids[i] = string.Create(CultureInfo.InvariantCulture, $"{run}-{writer}-{n++}");
                facts[i] = new NewFact("Said", Encoding.ASCII.GetBytes($"{ids[i]} of {facts.Length}".PadRight(random.Next(20, random.Next(50) == 0 ? 20_000 : 600))));
            }

            long expected = writer < 8 ? Append.AnyVersion : log.VersionOf(stream);
            Result<Appended> answer = await log.AppendAsync(new Append(stream, facts, TimeProvider.System.GetUtcNow()) { ExpectedVersion = expected }, cancel);
            if (!answer.Ok)
            {
                throw new InvalidOperationException(answer.Problem.ToString());
            }

            Say(said, string.Join('\n', ids));
        }
    }

    /// <summary>Counts the facts in a durable view, position and count in one commit, and writes a snapshot now and then.</summary>
    static async Task ViewAsync(EmbeddedStore store, CancellationToken cancel)
    {
        IView view = store.Views.Open(ViewName);
        long count = view.Get("count") is { } known ? BitConverter.ToInt64(known.Span) : 0;
        for (int round = 1; !cancel.IsCancellationRequested; round++)
        {
            await store.Log.WaitAsync(view.Position, cancel);
            long position = view.Position;
            foreach (Fact fact in store.Log.Read(position))
            {
                position = fact.Position;
                count++;
            }

            view.Commit(position, [new("count", BitConverter.GetBytes(count))]);
            if (round % 20 == 0)
            {
                long all = count;
                store.Snapshots.Write(SnapshotName, position, stream => stream.Write(BitConverter.GetBytes(all)));
            }
        }
    }
}
