using System.Text;
using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Storage.Embedded;
using CityHub.Storage.Embedded.Subjects;

namespace CityHub.Tests.Storage.Embedded.Subjects;

public sealed class ActLogTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    static Act Accessed(params (string Who, string Fields)[] subjects) => new("DataAccessed", """{"office":"城管局","purpose":"statistics"}"""u8.ToArray())
    {
        Subjects = [.. subjects.Select(s => new ActSubject(s.Who, Encoding.UTF8.GetBytes(s.Fields)))],
    };

    [Fact]
    public async Task A_person_sees_who_used_their_data_and_nobody_elses()
    {
        using var folder = new TestFolder();
        using EmbeddedStore store = EmbeddedUnderTest.Open(folder.Path);
        long first = (await store.Acts.RecordAsync(Accessed(("李雷", """{"field":"address"}"""), ("韩梅梅", """{"field":"phone"}""")), Cancel)).Value.Position;
        _ = (await store.Acts.RecordAsync(Accessed(("韩梅梅", """{"field":"income"}""")) with { Tenant = "east" }, Cancel)).Value;

        SubjectAct seen = Assert.Single(store.Acts.Of("李雷"));
        Assert.Equal((first, "DataAccessed", """{"field":"address"}"""), (seen.Position, seen.Type, Encoding.UTF8.GetString(seen.Fields.Span)));
        Assert.Contains("城管局", Encoding.UTF8.GetString(seen.What.Span), StringComparison.Ordinal);
        Assert.Equal(["phone", "income"], store.Acts.Of("韩梅梅").Select(a => Encoding.UTF8.GetString(a.Fields.Span)[10..^2]));
        Assert.Single(store.Acts.Of("韩梅梅", after: first));
        Assert.Empty(store.Acts.Of("nobody"));
    }

    [Fact]
    public async Task No_file_names_a_person_or_says_what_an_act_says_of_them()
    {
        using var folder = new TestFolder();
        using (EmbeddedStore store = EmbeddedUnderTest.Open(folder.Path))
        {
            _ = (await store.Acts.RecordAsync(Accessed(("person-4711", """{"disease":"measles-xyz"}""")), Cancel)).Value;
            Assert.Single(store.Acts.Of("person-4711"));
            AssertNowhere(folder, "person-4711");
            AssertNowhere(folder, "measles-xyz");
        }

        AssertNowhere(folder, "person-4711");
        AssertNowhere(folder, "measles-xyz");
    }

    [Fact]
    public async Task Who_is_forgotten_is_forgotten_also_after_a_restart_and_the_others_are_not()
    {
        using var folder = new TestFolder();
        byte[] key;
        using (EmbeddedStore store = EmbeddedUnderTest.Open(folder.Path))
        {
            _ = (await store.Acts.RecordAsync(Accessed(("a", """{"x":1}"""), ("b", """{"x":2}""")), Cancel)).Value;
            key = KeyOf(folder, 0);
            Assert.True((await store.Acts.ForgetAsync("a", Cancel)).Value);
            Assert.Empty(store.Acts.Of("a"));
            Assert.Single(store.Acts.Of("b"));
            Assert.Equal(ActLog.Forgotten, store.Log.Read(0).Last().Type);
            Assert.False((await store.Acts.ForgetAsync("a", Cancel)).Value);
        }

        AssertNowhere(folder, key);
        using EmbeddedStore again = EmbeddedUnderTest.Open(folder.Path);
        Assert.Empty(again.Acts.Of("a"));
        Assert.Equal("""{"x":2}""", Encoding.UTF8.GetString(Assert.Single(again.Acts.Of("b")).Fields.Span));

        // The same person later is a new person to the acts.
        _ = (await again.Acts.RecordAsync(Accessed(("a", """{"x":3}""")), Cancel)).Value;
        Assert.Equal("""{"x":3}""", Encoding.UTF8.GetString(Assert.Single(again.Acts.Of("a")).Fields.Span));
    }

    [Fact]
    public async Task A_crash_between_the_word_and_the_deed_is_made_good_by_the_next_opening()
    {
        using var folder = new TestFolder();
        using (EmbeddedStore store = EmbeddedUnderTest.Open(folder.Path))
        {
            _ = (await store.Acts.RecordAsync(Accessed(("a", """{"x":1}""")), Cancel)).Value;
            Assert.Single(store.Acts.Of("a")); // The view stands before the act of forgetting.
        }

        using TestFolder crashed = folder.Copy();
        using (EmbeddedStore store = EmbeddedUnderTest.Open(crashed.Path))
        {
            Assert.Single(store.Acts.Of("a"));
        }

        byte[] key = KeyOf(crashed, 0);
        using (EmbeddedStore store = EmbeddedUnderTest.Open(folder.Path))
        {
            _ = (await store.Acts.ForgetAsync("a", Cancel)).Value;
        }

        // The log knows of it, the keys and the views are of before.
        File.Copy(folder.File("facts.db"), crashed.File("facts.db"), overwrite: true);
        foreach (string wal in new[] { "facts.db-wal", "facts.db-shm" }.Where(f => File.Exists(folder.File(f))))
        {
            File.Copy(folder.File(wal), crashed.File(wal), overwrite: true);
        }

        using (EmbeddedStore store = EmbeddedUnderTest.Open(crashed.Path))
        {
            Assert.Empty(store.Acts.Of("a"));
        }

        AssertNowhere(crashed, key);
    }

    [Theory]
    [InlineData("", "{}", "x", "{}")]
    [InlineData("T", "[]", "x", "{}")]
    [InlineData("T", "{", "x", "{}")]
    [InlineData("T", "{}", "", "{}")]
    [InlineData("T", "{}", "x", "1")]
    public async Task Refused_when_it_is_no_act(string type, string what, string who, string fields)
    {
        using var folder = new TestFolder();
        using EmbeddedStore store = EmbeddedUnderTest.Open(folder.Path);
        Result<RecordedAct> refused = await store.Acts.RecordAsync(new Act(type, Encoding.UTF8.GetBytes(what)) { Subjects = [new ActSubject(who, Encoding.UTF8.GetBytes(fields))] }, Cancel);
        Assert.Equal(ActProblems.NotAnAct, refused.Problem?.Kind);
        Assert.Equal(0, store.Log.Head);
    }

    [Fact]
    public void Refused_when_others_may_read_the_keys()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("There are no such permissions here.");
            return;
        }

        using var folder = new TestFolder();
        using (EmbeddedUnderTest.Open(folder.Path))
        {
        }

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder.File(SubjectKeys.FileName)));
        File.SetUnixFileMode(folder.File(SubjectKeys.FileName), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        Assert.Contains("chmod 600", EmbeddedUnderTest.Refused(folder.Path).Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_slot_that_a_crash_cut_is_nobodys_key()
    {
        using var folder = new TestFolder();
        byte[] kept;
        using (SubjectKeys keys = SubjectKeys.Open(folder.Path, new EmbeddedOptions()).Value)
        {
            kept = await TagAsync(keys, "a");
            await TagAsync(keys, "b");
        }

        using (var file = new FileStream(folder.File(SubjectKeys.FileName), FileMode.Open, FileAccess.ReadWrite))
        {
            file.SetLength(file.Length - 20);
        }

        using SubjectKeys again = SubjectKeys.Open(folder.Path, new EmbeddedOptions()).Value;
        Assert.Equal(kept, await TagAsync(again, "a"));
        Assert.False(again.TryGet("b", out _, out _));
        await TagAsync(again, "c");
        Assert.Equal(kept, await TagAsync(again, "a"));
        Assert.Equal(2, again.Count);
    }

    [Fact]
    public async Task A_key_that_could_not_be_made_is_nowhere_and_who_gets_another_keeps_that_one()
    {
        using var folder = new TestFolder();
        int left = int.MaxValue;
        EmbeddedOptions options = new()
        {
            Entropy = bytes =>
            {
                System.Security.Cryptography.RandomNumberGenerator.Fill(bytes);
                if (left-- == 0)
                {
                    throw new IOException("No space left on device", 28);
                }
            },
        };
        byte[] kept;
        using (SubjectKeys keys = SubjectKeys.Open(folder.Path, options).Value)
        {
            HashSet<string> tags = [Convert.ToHexStringLower(await TagAsync(keys, "first"))];
            Assert.Equal(1, keys.Destroy(new HashSet<string> { Convert.ToHexStringLower(await TagAsync(keys, "second")) }));
            Assert.Equal(1, keys.Destroy(tags)); // two places are free, the first of them next
            left = 2;
            Assert.Throws<IOException>(() => keys.MarksOf([.. new[] { "b", "c", "d" }.Select(who => new ActSubject(who, "{}"u8.ToArray()))]));
            Assert.Equal(new byte[2 * 72], File.ReadAllBytes(Copied(folder))[72..]);
            left = int.MaxValue;
            kept = await TagAsync(keys, "c");
        }

        using SubjectKeys again = SubjectKeys.Open(folder.Path, new EmbeddedOptions()).Value;
        Assert.Equal(kept, await TagAsync(again, "c"));
        Assert.Equal(1, again.Count);
    }

    [Fact]
    public async Task Who_is_forgotten_is_so_although_a_fact_behind_cannot_be_read()
    {
        using var folder = new TestFolder();
        using EmbeddedStore store = EmbeddedUnderTest.Open(folder.Path);
        _ = (await store.Acts.RecordAsync(Accessed(("a", """{"x":1}""")), Cancel)).Value;
        byte[] key = KeyOf(folder, 0);
        using var payload = System.Text.Json.JsonDocument.Parse(store.Log.Read(0, Acts.Stream).Last().Payload);
        string word = $$"""{"what":{},"subjects":["{{payload.RootElement.GetProperty("subjects")[0].GetString()}}"],"sealed":[null]}""";
        _ = (await store.Log.AppendAsync(new Append(Acts.Stream, [new NewFact(ActLog.Forgotten, Encoding.UTF8.GetBytes(word)), new NewFact("Torn", "{"u8.ToArray())], DateTimeOffset.UnixEpoch), Cancel)).Value;

        Assert.ThrowsAny<System.Text.Json.JsonException>(() => store.Acts.Of("a"));
        Assert.Empty(store.Acts.Of("a"));
        AssertNowhere(folder, key);
    }

    [Fact]
    public async Task Persons_who_are_named_for_the_first_time_by_many_acts_at_once_have_one_key_each_after_a_restart_too()
    {
        using var folder = new TestFolder();
        using (EmbeddedStore store = EmbeddedUnderTest.Open(folder.Path))
        {
            await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Task.Run(
                async () => _ = (await store.Acts.RecordAsync(Accessed(("everybody", "{}"), ($"person {i % 50}", """{"x":1}"""), ($"only {i}", "{}")), Cancel)).Value, Cancel)));
            Assert.Equal(200, store.Acts.Of("everybody").Count());
        }

        using EmbeddedStore again = EmbeddedUnderTest.Open(folder.Path);
        Assert.Equal(200, again.Acts.Of("everybody").Count());
        for (int i = 0; i < 200; i++)
        {
            Assert.Equal(4, again.Acts.Of($"person {i % 50}").Count(act => act.Fields.Span.SequenceEqual("""{"x":1}"""u8)));
            Assert.True(Assert.Single(again.Acts.Of($"only {i}")).Fields.Span.SequenceEqual("{}"u8));
        }
    }

    [Fact]
    public async Task The_newest_acts_come_first_and_in_pages_wherever_they_are_kept()
    {
        using var folder = new TestFolder();
        var positions = new List<long>();
        for (int life = 0; life < 3; life++)
        {
            using EmbeddedStore store = EmbeddedUnderTest.Open(folder.Path);
            for (int i = 0; i < 300; i++)
            {
                positions.Add((await store.Acts.RecordAsync(Accessed(("a", "{}"), ($"other {i % 7}", "{}")), Cancel)).Value.Position);
            }

            var seen = new List<long>();
            for (long before = long.MaxValue; store.Acts.Newest("a", before, 64).Select(act => act.Position).ToList() is { Count: > 0 } page; before = page[^1])
            {
                seen.AddRange(page);
            }

            Assert.Equal(positions.AsEnumerable().Reverse(), seen);
            Assert.Equal(positions[10..], store.Acts.Of("a", positions[9]).Select(act => act.Position));
            Assert.Null(store.CheckActs());
        }
    }

    [Fact]
    public async Task A_crash_before_the_index_was_kept_makes_the_next_opening_read_again()
    {
        using var folder = new TestFolder();
        using (EmbeddedStore store = EmbeddedUnderTest.Open(folder.Path))
        {
            for (int i = 0; i < 50; i++)
            {
                _ = (await store.Acts.RecordAsync(Accessed(("a", "{}")), Cancel)).Value;
            }

            Assert.Equal(50, store.Acts.Of("a").Count());
            using TestFolder copy = folder.Copy();
            using EmbeddedStore found = EmbeddedUnderTest.Open(copy.Path);
            Assert.Equal(50, found.Acts.Of("a").Count());
            Assert.Null(found.CheckActs());
        }
    }

    /// <summary>The file of keys, which is open, at another place.</summary>
    static string Copied(TestFolder folder)
    {
        using var file = new FileStream(folder.File(SubjectKeys.FileName), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using FileStream copy = File.Create(folder.File("copy"));
        file.CopyTo(copy);
        return copy.Name;
    }

    static async Task<byte[]> TagAsync(SubjectKeys keys, string who)
    {
        SubjectMarks marks = keys.MarksOf([new ActSubject(who, "{}"u8.ToArray())]);
        await marks.Durable;
        return marks.Tag(0).ToArray();
    }

    /// <summary>The key in a slot of the file.</summary>
    static byte[] KeyOf(TestFolder folder, int slot)
    {
        using var file = new FileStream(folder.File(SubjectKeys.FileName), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        byte[] all = new byte[file.Length];
        file.ReadExactly(all);
        return all.AsSpan(72 + (slot * 72) + 32, 32).ToArray();
    }

    static void AssertNowhere(TestFolder folder, string text) => AssertNowhere(folder, Encoding.UTF8.GetBytes(text));

    static void AssertNowhere(TestFolder folder, byte[] bytes)
    {
        foreach (string path in Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories).Where(f => Path.GetFileName(f) != "hub.lock"))
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            byte[] all = new byte[file.Length];
            file.ReadExactly(all);
            Assert.True(all.AsSpan().IndexOf(bytes) < 0, $"It stands in {Path.GetFileName(path)}.");
        }
    }
}
