using System.Text;
using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CsCheck;

namespace CityHub.Tests.Storage.Contracts;

/// <summary>Random histories against the simplest log there is: a list.</summary>
public abstract class FactLogModelContract
{
    static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    protected abstract IStoreUnderTest Open();

    enum Expect
    {
        Nothing,
        TheRightVersion,
        AnotherVersion,
    }

    /// <param name="Await">Whether the answer is awaited before the next step, or the next append may share its group.</param>
    sealed record Step(int Stream, int[] Sizes, Expect Expect, int Minutes, bool Await, bool Reopen);

    static readonly Gen<Step> Steps = Gen.Select(
        Gen.Int[0, 3],
        Gen.Int[0, 600].Array[1, 4],
        Gen.Frequency((4, Gen.Const(Expect.Nothing)), (2, Gen.Const(Expect.TheRightVersion)), (1, Gen.Const(Expect.AnotherVersion))),
        Gen.Int[-3, 3],
        Gen.Bool,
        Gen.Frequency((15, Gen.Const(false)), (1, Gen.Const(true))),
        (stream, sizes, expect, minutes, await, reopen) => new Step(stream, sizes, expect, minutes, await, reopen));

    [Fact]
    public Task Any_history_reads_back_as_a_list_of_what_was_accepted() =>
        Steps.Array[1, 40].SampleAsync(async steps => await Replay(steps), iter: 40, threads: 1);

    async Task Replay(Step[] steps)
    {
        using IStoreUnderTest store = Open();
        var model = new List<Fact>();
        var versions = new Dictionary<string, long>();
        DateTimeOffset last = DateTimeOffset.MinValue;
        var waiting = new List<(Task<Result<Appended>> Answer, Appended? Expected)>();

        for (int n = 0; n < steps.Length; n++)
        {
            Step step = steps[n];
            string stream = $"s{step.Stream}";
            long version = versions.GetValueOrDefault(stream);
            NewFact[] facts = [.. step.Sizes.Select((size, i) => new NewFact($"T{size % 5}", Encoding.UTF8.GetBytes(new string((char)('a' + (n + i) % 26), size))))];
            var append = new Append(stream, facts, Noon.AddMinutes(n + step.Minutes))
            {
                ExpectedVersion = step.Expect switch
                {
                    Expect.Nothing => Append.AnyVersion,
                    Expect.TheRightVersion => version,
                    Expect.AnotherVersion => version + 1 + step.Sizes[0] % 3,
                    _ => throw new InvalidOperationException(),
                },
            };

            Appended? expected = null;
            if (step.Expect != Expect.AnotherVersion)
            {
                last = append.At > last ? append.At : last;
                foreach (NewFact fact in facts)
                {
                    model.Add(new Fact(model.Count + 1, stream, ++version, fact.Type, last, fact.Payload));
                }

                versions[stream] = version;
                expected = new Appended(model.Count, version, last);
            }

            waiting.Add((store.Log.AppendAsync(append).AsTask(), expected));
            if (step.Await || step.Reopen)
            {
                await Settle(waiting);
                Assert.Equal(model.Count, store.Log.Head);
            }

            if (step.Reopen)
            {
                store.Reopen();
            }
        }

        await Settle(waiting);
        for (int round = 0; round < 2; round++)
        {
            Same(model, store.Log.Read(0));
            Same(model.Skip(model.Count / 2), store.Log.Read(model.Count / 2));
            foreach (string stream in (string[])["s0", "s1", "s2", "s3"])
            {
                Same(model.Where(f => f.Stream == stream), store.Log.Read(0, stream));
                Assert.Equal(versions.GetValueOrDefault(stream), store.Log.VersionOf(stream));
            }

            store.Reopen();
        }
    }

    static async Task Settle(List<(Task<Result<Appended>> Answer, Appended? Expected)> waiting)
    {
        foreach ((Task<Result<Appended>> answer, Appended? expected) in waiting)
        {
            Result<Appended> given = await answer;
            if (expected is { } appended)
            {
                Assert.Equal(appended, given.Value);
            }
            else
            {
                Assert.Equal(FactProblems.VersionConflict, given.Problem?.Kind);
            }
        }

        waiting.Clear();
    }

    static void Same(IEnumerable<Fact> expected, IEnumerable<Fact> actual)
    {
        static (long, string, long, string, DateTimeOffset, string) Flat(Fact f) =>
            (f.Position, f.Stream, f.Version, f.Type, f.At, Encoding.UTF8.GetString(f.Payload.Span));

        Assert.Equal(expected.Select(Flat), actual.Select(Flat));
    }
}
