using System.Diagnostics;
using System.Text;
using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Storage.Embedded;
using CityHub.Storage.Embedded.Sqlite;

namespace CityHub.Tests.Storage.Embedded;

public sealed class FullDiskTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    static Append Say(string stream, string text, int size = 0) =>
        new(stream, [new NewFact($"Said{text}", Encoding.UTF8.GetBytes(text.PadRight(size)))], DateTimeOffset.UnixEpoch);

    /// <summary>A store whose next group finds no room while <see cref="Full"/> holds: SQLITE_FULL as SQLite itself reports it.</summary>
    sealed class Cramped : IDisposable
    {
        readonly TestFolder _folder = new();
        readonly ManualResetEventSlim _go = new(true);
        readonly SemaphoreSlim _held = new(0);

        public Cramped(FaultPoint point)
        {
            Options = EmbeddedUnderTest.Small with
            {
                Fault = at =>
                {
                    if (at == FaultPoint.AppendBeforeInsert && !_go.IsSet)
                    {
                        _held.Release();
                        _go.Wait();
                    }

                    if (Full && at == point)
                    {
                        throw new SqliteException(Native.Full, "database or disk is full");
                    }
                },
            };
            Store = EmbeddedUnderTest.Open(_folder.Path, Options);
        }

        public EmbeddedOptions Options { get; }

        public EmbeddedStore Store { get; private set; }

        public bool Full { get; set; }

        /// <summary>The writer waits before its next group; what is appended meanwhile stands behind it.</summary>
        public void Hold() => _go.Reset();

        public Task Held() => _held.WaitAsync(Cancel);

        public void LetGo() => _go.Set();

        public void Reopen()
        {
            Store.Dispose();
            Store = EmbeddedUnderTest.Open(_folder.Path, Options);
        }

        public void Dispose()
        {
            _go.Set();
            Store.Dispose();
            _folder.Dispose();
            _go.Dispose();
            _held.Dispose();
        }
    }

    [Theory]
    [InlineData(nameof(FaultPoint.AppendBeforeInsert))]
    [InlineData(nameof(FaultPoint.AppendAfterInsert))]
    [InlineData(nameof(FaultPoint.AppendBeforeCommit))]
    public async Task Refused_when_the_disk_is_full_and_taken_again_when_there_is_room(string point)
    {
        using var cramped = new Cramped(Enum.Parse<FaultPoint>(point));
        IFactLog log = cramped.Store.Log;
        _ = (await log.AppendAsync(Say("a", "1"), Cancel)).Value;
        cramped.Full = true;
        Problem? refused = (await log.AppendAsync(Say("b", "2"), Cancel)).Problem;
        Assert.Equal(FactProblems.StorageFull, refused?.Kind);
        Assert.Equal((1, 1, 0, 1), (log.Head, log.VersionOf("a"), log.VersionOf("b"), log.Epoch));

        cramped.Full = false;
        // Stream and type of the failed group are new again: their ids must not have leaked into what comes now.
        Assert.Equal(2, (await log.AppendAsync(Say("c", "3"), Cancel)).Value.Position);
        Assert.Equal(1, (await log.AppendAsync(Say("b", "2") with { ExpectedVersion = 0 }, Cancel)).Value.Version);
        for (int round = 0; round < 2; round++)
        {
            Assert.Equal([("a", "Said1"), ("c", "Said3"), ("b", "Said2")], cramped.Store.Log.Read(0).Select(f => (f.Stream, f.Type)));
            Assert.Equal(3, cramped.Store.Verify(Cancel).Value);
            cramped.Reopen();
        }
    }

    [Fact]
    public async Task When_a_group_fails_everything_that_waited_behind_it_fails_too_and_the_epoch_has_passed()
    {
        using var cramped = new Cramped(FaultPoint.AppendBeforeCommit);
        IFactLog log = cramped.Store.Log;
        var observer = new Counter();
        log.Observe(observer);
        cramped.Hold();
        cramped.Full = true;
        Task<Result<Appended>> first = log.AppendAsync(Say("a", "1"), Cancel).AsTask();
        await cramped.Held();
        Task<Result<Appended>>[] behind = [.. Enumerable.Range(0, 500).Select(i => log.AppendAsync(Say("a", $"behind {i}") with { Epoch = 0 }, Cancel).AsTask())];
        Task<Result<Appended>> careless = log.AppendAsync(Say("b", "no epoch"), Cancel).AsTask();
        cramped.LetGo();

        Assert.Equal(FactProblems.StorageFull, (await first).Problem?.Kind);
        cramped.Full = false;
        Assert.All(await Task.WhenAll(behind), a => Assert.Equal(FactProblems.EpochPassed, a.Problem?.Kind));
        Assert.Equal(FactProblems.EpochPassed, (await careless).Problem?.Kind);
        Assert.Equal((0, 1, 0), (log.Head, log.Epoch, observer.Facts));

        Assert.Equal(FactProblems.EpochPassed, (await log.AppendAsync(Say("a", "late") with { Epoch = 0 }, Cancel)).Problem?.Kind);
        Assert.Equal(1, (await log.AppendAsync(Say("a", "new") with { Epoch = log.Epoch, ExpectedVersion = 0 }, Cancel)).Value.Position);
        Assert.Equal(1, observer.Facts);
    }

    [Fact]
    public async Task Cancellation_gives_up_waiting_but_the_append_keeps_its_place()
    {
        using var cramped = new Cramped(FaultPoint.AppendBeforeCommit);
        IFactLog log = cramped.Store.Log;
        cramped.Hold();
        Task<Result<Appended>> first = log.AppendAsync(Say("a", "1"), Cancel).AsTask();
        await cramped.Held();
        using var impatient = new CancellationTokenSource();
        Task<Result<Appended>> second = log.AppendAsync(Say("a", "2"), impatient.Token).AsTask();
        Task<Result<Appended>> third = log.AppendAsync(Say("a", "3"), Cancel).AsTask();
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        cramped.LetGo();

        Assert.Equal((1, 3), ((await first).Value.Position, (await third).Value.Position));
        Assert.Equal(["Said1", "Said2", "Said3"], log.Read(0).Select(f => f.Type));
    }

    [Fact]
    public async Task A_door_waits_while_the_line_is_long()
    {
        using var folder = new TestFolder();
        using var go = new ManualResetEventSlim();
        EmbeddedOptions options = EmbeddedUnderTest.Small with
        {
            LineAppends = 10,
            Fault = at =>
            {
                if (at == FaultPoint.AppendBeforeInsert)
                {
                    go.Wait();
                }
            },
        };
        using EmbeddedStore store = EmbeddedUnderTest.Open(folder.Path, options);
        Task<Result<Appended>>[] waiting = [.. Enumerable.Range(0, 10).Select(i => store.Log.AppendAsync(Say("a", $"{i}"), Cancel).AsTask())];
        Task room = store.Log.RoomAsync(Cancel).AsTask();
        using var impatient = new CancellationTokenSource();
        Task gone = store.Log.RoomAsync(impatient.Token).AsTask();
        Assert.False(room.IsCompleted);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        go.Set();
        await room;
        await Task.WhenAll(waiting);
        await store.Log.RoomAsync(Cancel);
    }

    [Fact]
    public async Task On_a_disk_that_really_is_full_nothing_is_lost_and_it_goes_on_when_there_is_room()
    {
        using SmallDisk disk = SmallDisk.MountOrSkip(megabytes: 3);
        string ballast = Path.Combine(disk.Path, "ballast");
        File.WriteAllBytes(ballast, new byte[1_200_000]);
        string data = Path.Combine(disk.Path, "data");
        var kept = new List<string>();
        int full = 0;
        using (EmbeddedStore store = EmbeddedUnderTest.Open(data))
        {
            for (int i = 0; i < 2000 && full < 20; i++)
            {
                Result<Appended> answer = await store.Log.AppendAsync(Say("a", $"{i}", 5000), Cancel);
                if (answer.Ok)
                {
                    kept.Add($"Said{i}");
                }
                else
                {
                    Assert.Equal(FactProblems.StorageFull, answer.Problem.Kind);
                    full++;
                }
            }

            Assert.Equal(20, full);
            Assert.Equal(full, store.Log.Epoch);
            Assert.Equal(kept, store.Log.Read(0).Select(f => f.Type));
        }

        using (EmbeddedStore store = EmbeddedUnderTest.Open(data))
        {
            Assert.Equal(kept, store.Log.Read(0).Select(f => f.Type)); // also started on the full disk
            File.Delete(ballast);
            Assert.True((await store.Log.AppendAsync(Say("a", "after", 5000), Cancel)).Ok);
            Assert.Equal([.. kept, "Saidafter"], store.Log.Read(0).Select(f => f.Type));
            Assert.Equal(kept.Count + 1, store.Verify(Cancel).Value);
        }
    }

    [Fact]
    public void Refused_when_the_disk_has_no_room_for_a_new_folder()
    {
        using SmallDisk disk = SmallDisk.MountOrSkip(megabytes: 1);
        using (var ballast = new FileStream(Path.Combine(disk.Path, "ballast"), FileMode.Create, FileAccess.Write, FileShare.None, 0))
        {
            try
            {
                while (true)
                {
                    ballast.Write(new byte[4096]);
                }
            }
            catch (IOException)
            {
                // full now
            }
        }

        Problem refused = EmbeddedUnderTest.Refused(Path.Combine(disk.Path, "data"));
        Assert.Contains(refused.Kind, (ProblemKind[])[FactProblems.StorageFull, FactProblems.StorageUnavailable]);
        Assert.Contains(disk.Path, refused.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refused_on_a_read_only_disk_and_whole_when_it_can_be_written_again()
    {
        using SmallDisk disk = SmallDisk.MountOrSkip(megabytes: 4);
        string data = Path.Combine(disk.Path, "data");
        using (EmbeddedStore store = EmbeddedUnderTest.Open(data))
        {
            _ = (await store.Log.AppendAsync(Say("a", "1"), Cancel)).Value;
        }

        disk.Remount("ro");
        Problem refused = EmbeddedUnderTest.Refused(data);
        Assert.Equal(FactProblems.StorageUnavailable, refused.Kind);
        Assert.Contains(data, refused.Detail, StringComparison.Ordinal);
        Assert.Equal(FactProblems.StorageUnavailable, EmbeddedUnderTest.Refused(Path.Combine(disk.Path, "new")).Kind);

        disk.Remount("rw");
        using EmbeddedStore again = EmbeddedUnderTest.Open(data);
        Assert.Equal(1, again.Verify(Cancel).Value);
    }

    sealed class Counter : IFactObserver
    {
        public int Facts { get; private set; }

        public void Observed(ReadOnlySpan<Fact> facts, object? state) => Facts += facts.Length;
    }

    /// <summary>A memory disk of a few megabytes; only root may mount one.</summary>
    sealed class SmallDisk : IDisposable
    {
        readonly TestFolder _folder = new();

        public string Path => _folder.Path;

        public static SmallDisk MountOrSkip(int megabytes)
        {
            var disk = new SmallDisk();
            bool mounted = OperatingSystem.IsLinux() && Run("mount", "-t", "tmpfs", "-o", $"size={megabytes}m", "cityhub-test", disk.Path);
            if (!mounted)
            {
                disk._folder.Dispose();
            }

            Assert.SkipUnless(mounted, "Needs the right to mount a small disk (root on Linux).");
            return disk;
        }

        public void Remount(string mode) => Assert.True(Run("mount", "-o", $"remount,{mode}", Path));

        public void Dispose()
        {
            Run("umount", "--lazy", Path);
            _folder.Dispose();
        }

        static bool Run(string program, params string[] arguments)
        {
            try
            {
                using Process? process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true });
                process?.WaitForExit();
                return process?.ExitCode == 0;
            }
            catch (System.ComponentModel.Win32Exception)
            {
                return false;
            }
        }
    }
}
