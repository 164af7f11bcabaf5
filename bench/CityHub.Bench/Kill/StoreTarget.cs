using System.Diagnostics;
using System.Globalization;
using System.Text;
using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Storage.Embedded;

namespace CityHub.Bench.Kill;

/// <summary>The store alone: the child appends by itself and prints what was acknowledged (<see cref="KillChild"/>).</summary>
/// <param name="file">A program that knows the verb <see cref="KillChild.Verb"/>.</param>
/// <param name="arguments">What comes before the verb.</param>
public sealed class StoreTarget(string file, IReadOnlyList<string> arguments) : IKillTarget
{
    public ProcessStartInfo Start(string folder, int run) => new(file, [.. arguments, KillChild.Verb, folder, run.ToString(CultureInfo.InvariantCulture)])
    {
        RedirectStandardOutput = true,
    };

    public async Task LoadAsync(Process child, int run, Acknowledged acknowledged, Action ready, CancellationToken cancel)
    {
        // What stands in the pipe was acknowledged, also when the child is dead by now; a line cut by the kill has no end and is not.
        byte[] buffer = new byte[64 << 10];
        var rest = new List<byte>();
        Stream said = child.StandardOutput.BaseStream;
        for (int read; (read = await said.ReadAsync(buffer, cancel)) > 0;)
        {
            foreach (byte b in buffer.AsSpan(0, read))
            {
                if (b != '\n')
                {
                    rest.Add(b);
                    continue;
                }

                string line = Encoding.ASCII.GetString([.. rest]);
                rest.Clear();
                if (line == KillChild.Ready)
                {
                    ready();
                }
                else
                {
                    acknowledged.Add(line);
                }
            }
        }
    }

    public Task<IReadOnlyList<string>> InspectAsync(string folder, Action<string> present, CancellationToken cancel)
    {
        var wrong = new List<string>();
        if (!Directory.Exists(folder))
        {
            return Task.FromResult<IReadOnlyList<string>>(wrong); // killed before it had made it
        }

        if (!EmbeddedStore.Open(folder, TimeProvider.System, KillChild.Options).TryGet(out EmbeddedStore? store, out Problem? refused))
        {
            return Task.FromResult<IReadOnlyList<string>>([refused.ToString()]);
        }

        using (store)
        {
            if (store.Verify(cancel).Problem is { } damage)
            {
                wrong.Add(damage.ToString());
            }

            Whole(store, present, wrong);
            IView view = store.Views.Open(KillChild.ViewName);
            long counted = view.Get("count") is { } count ? BitConverter.ToInt64(count.Span) : 0;
            if (counted != view.Position)
            {
                wrong.Add($"the view counted {counted} facts and stands at position {view.Position}");
            }

            long inSnapshot = 0;
            long position = store.Snapshots.ReadLatest(
                KillChild.SnapshotName,
                stream =>
                {
                    Span<byte> bytes = stackalloc byte[8];
                    stream.ReadExactly(bytes);
                    inSnapshot = BitConverter.ToInt64(bytes);
                });
            if (inSnapshot != position)
            {
                wrong.Add($"the snapshot counted {inSnapshot} facts and stands at position {position}");
            }
        }

        return Task.FromResult<IReadOnlyList<string>>(wrong);
    }

    /// <summary>Each fact says of how many its append was: appends are there whole.</summary>
    static void Whole(EmbeddedStore store, Action<string> present, List<string> wrong)
    {
        int left = 0, of = 0;
        foreach (Fact fact in store.Log.Read(0))
        {
            string[] words = Encoding.ASCII.GetString(fact.Payload.Span).Split(' ', StringSplitOptions.RemoveEmptyEntries);
            present(words[0]);
            int appended = int.Parse(words[2], CultureInfo.InvariantCulture);
            if (left == 0)
            {
                (left, of) = (appended, appended);
            }

            if (appended != of)
            {
                wrong.Add($"an append of {of} facts ends early before position {fact.Position}");
                (left, of) = (appended, appended);
            }

            left--;
        }

        if (left != 0)
        {
            wrong.Add($"the last append lacks {left} of its {of} facts");
        }
    }
}
