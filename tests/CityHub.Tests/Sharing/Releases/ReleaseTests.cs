using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using CityHub.Core.Grains;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Releases;
using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Sharing.Releases;

public sealed class ReleaseTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_leaves_when_the_opening_cannot_be_recorded()
    {
        var acts = new WatchedActs { Fails = act => act.Type == ReleaseActs.Opened };
        using var bureau = new Bureau(acts: acts);
        bureau.Grant();
        Assert.Equal("storage-full", await bureau.RefusedWith(Bureau.Ask()));
        Assert.Empty(acts.Recorded);
    }

    public static TheoryData<string, bool> Opened => new(from asked in new[] { "order", "distinct", "total", "groups" } from gone in new[] { true, false } select (asked, gone));

    [Theory]
    [MemberData(nameof(Opened))]
    public async Task What_was_opened_is_closed_when_the_caller_goes_or_the_disk_fails_before_a_row_is_there(string asked, bool gone)
    {
        using var bureau = new Bureau();
        bureau.Grant();
        using var caller = new CancellationTokenSource();
        bureau.Table.Reading = () =>
        {
            if (!gone)
                throw new IOException("The disk fails.");
            caller.Cancel();
        };
        var query = asked switch
        {
            "order" => new ReleaseQuery { OrderBy = [("income", true)] },
            "distinct" => new ReleaseQuery { Distinct = true },
            "total" => new ReleaseQuery { Count = true, Where = new Condition.Compare("married", "=", "true") },
            _ => new ReleaseQuery { GroupBy = new Grouping(["married"], [(Measure.Count, null, "n")]) },
        };
        var failed = await Record.ExceptionAsync(async () => await bureau.Releases.OpenAsync(Bureau.Ask(), query, caller.Token));
        Assert.IsType(gone ? typeof(OperationCanceledException) : typeof(IOException), failed);
        Assert.Single(bureau.ActsOf(ReleaseActs.Opened));
        Assert.Contains("\"how\":\"cut\"", Assert.Single(bureau.ActsOf(ReleaseActs.Closed)).What);
    }

    [Fact]
    public async Task An_opening_is_recorded_and_closed_although_its_caller_has_gone_already()
    {
        using var bureau = new Bureau();
        bureau.Grant();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await bureau.Releases.OpenAsync(Bureau.Ask(), new ReleaseQuery { OrderBy = [("income", true)] }, new CancellationToken(true)));
        Assert.Single(bureau.ActsOf(ReleaseActs.Opened));
        Assert.Single(bureau.ActsOf(ReleaseActs.Closed));
    }

    [Fact]
    public async Task Persons_are_recorded_before_their_rows_leave_and_nothing_leaves_when_they_cannot_be()
    {
        var acts = new WatchedActs();
        using var bureau = new Bureau(acts: acts);
        bureau.Grant();
        await using (var stream = await bureau.Opened(Bureau.Ask()))
        {
            Assert.DoesNotContain(acts.Recorded, act => act.Type == ReleaseActs.Seen);
            Assert.Equal(200, (await stream.NextAsync(Cancel))?.Rows);
            Assert.Equal(200, acts.Recorded.Where(act => act.Type == ReleaseActs.Seen).Sum(act => act.Subjects.Count));
        }

        acts.Fails = act => act.Type == ReleaseActs.Seen;
        await using var second = await bureau.Opened(Bureau.Ask());
        await Assert.ThrowsAsync<ReleaseEndedException>(async () => await second.NextAsync(Cancel));
    }

    [Fact]
    public async Task One_row_has_its_person_in_the_opening_act()
    {
        using var bureau = new Bureau();
        bureau.Grant();
        Assert.Single(await bureau.Rows(Bureau.Ask(), new ReleaseQuery { Key = "500103199001010003" }));
        Assert.Equal(1, Assert.Single(bureau.ActsOf(ReleaseActs.Opened)).Subjects);
        Assert.Empty(bureau.ActsOf(ReleaseActs.Seen));
        Assert.DoesNotContain("500103199001010003", string.Concat(bureau.ActsOf().Select(act => act.What)));
    }

    [Fact]
    public async Task The_closing_act_says_what_was_received()
    {
        using var bureau = new Bureau();
        bureau.Grant();
        using var wire = new MemoryStream();
        await using (var stream = await bureau.Opened(Bureau.Ask()))
            await ReleaseCsv.WriteAsync(stream, wire, Cancel);
        using var closed = JsonDocument.Parse(Assert.Single(bureau.ActsOf(ReleaseActs.Closed)).What);
        Assert.Equal(wire.Length, closed.RootElement.GetProperty("bytes").GetInt64());
        Assert.Equal(200, closed.RootElement.GetProperty("rows").GetInt64());
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(wire.ToArray())), closed.RootElement.GetProperty("sha256").GetString());
        Assert.Equal("complete", closed.RootElement.GetProperty("how").GetString());
    }

    [Fact]
    public async Task A_suspended_grant_stops_a_running_stream_within_one_block()
    {
        using var bureau = new Bureau(rows: 50_000);
        bureau.Grant(obligations: Obligations.Nothing with { Fields = ["name", "born"] });
        using var wire = new Watched(after: 200_000, () => bureau.Grant(state: GrantState.Suspended, version: 2));
        await using (var stream = await bureau.Opened(Bureau.Ask()))
            await Assert.ThrowsAsync<ReleaseEndedException>(() => ReleaseCsv.WriteAsync(stream, wire, Cancel));
        Assert.InRange(wire.Since, 0, RunningRelease.MostBlock);
        Assert.Contains("\"ended\"", Assert.Single(bureau.ActsOf(ReleaseActs.Closed)).What);
    }

    [Fact]
    public async Task A_grant_that_runs_out_or_is_changed_ends_the_stream()
    {
        using var bureau = new Bureau();
        bureau.Grant();
        await using var one = await bureau.Opened(Bureau.Ask());
        bureau.Grant(version: 2, obligations: Obligations.Nothing with { Fields = ["born"] });
        Assert.Throws<ReleaseEndedException>(() => one.Sending("x"u8));
        await using var other = await bureau.Opened(Bureau.Ask());
        bureau.Clock.Advance(TimeSpan.FromDays(400));
        Assert.Throws<ReleaseEndedException>(() => other.Sending("x"u8));
    }

    [Fact]
    public async Task A_question_knows_nothing_outside_the_grant_and_sees_only_masked_values()
    {
        using var bureau = new Bureau();
        bureau.Grant(obligations: Obligations.Nothing with
        {
            Fields = ["id", "area", "born"], Masks = ImmutableSortedDictionary<string, MaskKind>.Empty.Add("id", MaskKind.Partial).Add("area", MaskKind.Hidden),
        });
        Assert.Equal("query-field-unknown", await bureau.RefusedWith(Bureau.Ask(), new ReleaseQuery { Where = new Condition.Compare("income", ">", "5") }));
        Assert.Equal("query-field-unknown", await bureau.RefusedWith(Bureau.Ask(), new ReleaseQuery { OrderBy = [("name", false)] }));
        Assert.Empty(await bureau.Rows(Bureau.Ask(), new ReleaseQuery { Where = new Condition.Compare("id", "=", "500103199001010003") }));
        Assert.Empty(await bureau.Rows(Bureau.Ask(), new ReleaseQuery { Where = new Condition.Like("area", "5%") }));
        Assert.NotEmpty(await bureau.Rows(Bureau.Ask(), new ReleaseQuery { Where = new Condition.Compare("id", "=", "500***********0003") }));
        Assert.Equal(2, bureau.ActsOf(ReleaseActs.Refused).Count);
    }

    [Fact]
    public async Task An_area_or_a_period_finer_than_what_is_released_is_refused()
    {
        using var bureau = new Bureau();
        bureau.Grant(obligations: Obligations.Nothing with { Grain = new Grain(TimeGrain.Month, SpaceGrain.City, EntityGrain.Individual) });
        Assert.Equal("area-not-granted", await bureau.RefusedWith(Bureau.Ask() with { Area = "500103" }));
        Assert.NotEmpty(await bureau.Rows(Bureau.Ask() with { Area = "5001" }));
        Assert.Equal("period-not-granted", await bureau.RefusedWith(Bureau.Ask() with { From = new(2026, 2, 3, 0, 0, 0, TimeSpan.FromHours(8)) }));
        Assert.Equal("released", await bureau.RefusedWith(Bureau.Ask() with { From = new(2026, 2, 1, 0, 0, 0, TimeSpan.FromHours(8)) }));
    }

    [Fact]
    public async Task The_right_to_use_gives_answers_and_no_rows()
    {
        using var bureau = new Bureau();
        bureau.Grant(rights: Rights.Use);
        Assert.Equal("rows-not-released", await bureau.RefusedWith(Bureau.Ask(right: Rights.Use)));
        await using var counted = await bureau.Opened(Bureau.Ask(right: Rights.Use), new ReleaseQuery { Count = true, Limit = 0 });
        Assert.Equal(200, counted.Total);
    }

    [Theory]
    [InlineData("500103199001010003", "true", "true")]
    [InlineData("500103199001010003", "false", "false")]
    [InlineData("500103199001019999", "true", "unknown")]
    public async Task A_verification_says_yes_no_or_unknown(string key, string married, string answer)
    {
        using var bureau = new Bureau();
        bureau.Grant(rights: Rights.Use);
        Assert.Equal([answer], await bureau.Rows(Bureau.Ask(DeliveryModes.Verify, Rights.Use), new ReleaseQuery { Key = key, Where = new Condition.Compare("married", "=", married) }));
    }

    [Fact]
    public async Task A_verification_has_to_say_of_whom()
    {
        using var bureau = new Bureau();
        bureau.Grant(rights: Rights.Use);
        Assert.Equal("verify-not-clear", await bureau.RefusedWith(Bureau.Ask(DeliveryModes.Verify, Rights.Use), new ReleaseQuery { Where = new Condition.Compare("married", "=", "true") }));
    }

    [Fact]
    public async Task Quotas_hold_for_all_streams_together_and_over_a_start()
    {
        using var folder = new TestFolder();
        using (var bureau = new Bureau(folder))
        {
            bureau.Grant(obligations: Obligations.Nothing with { Quota = new Quota(300, 100, null) });
            await bureau.Releases.LoadAsync(Cancel);
            var asked = await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
            {
                await using var stream = await bureau.Opened(Bureau.Ask());
                try
                {
                    return (await stream.NextAsync(Cancel))?.Rows ?? 0;
                }
                catch (ReleaseEndedException)
                {
                    return 0;
                }
            }));
            Assert.Equal(300, asked.Sum());
        }

        using var again = new Bureau(folder);
        again.Grant(obligations: Obligations.Nothing with { Quota = new Quota(300, 100, null) });
        await again.Releases.LoadAsync(Cancel);
        await using var none = await again.Opened(Bureau.Ask());
        await Assert.ThrowsAsync<ReleaseEndedException>(async () => await none.NextAsync(Cancel));
        again.Clock.Advance(TimeSpan.FromDays(1));
        await using var tomorrow = await again.Opened(Bureau.Ask());
        Assert.Equal(200, (await tomorrow.NextAsync(Cancel))?.Rows);
    }

    [Fact]
    public async Task A_part_that_the_quota_lets_through_is_not_taken_for_the_whole()
    {
        using var bureau = new Bureau();
        bureau.Grant(obligations: Obligations.Nothing with { Quota = new Quota(150, null, null) });
        await using (var stream = await bureau.Opened(Bureau.Ask()))
        {
            Assert.Equal(150, (await stream.NextAsync(Cancel))?.Rows);
            Assert.Equal("quota-used-up", (await Assert.ThrowsAsync<ReleaseEndedException>(async () => await stream.NextAsync(Cancel))).Problem.Code);
            stream.Complete();
        }

        Assert.Contains("\"ended\"", Assert.Single(bureau.ActsOf(ReleaseActs.Closed)).What);
    }

    [Fact]
    public async Task What_a_crash_left_open_is_reported_once()
    {
        using var folder = new TestFolder();
        TestFolder crashed;
        using (var bureau = new Bureau(folder))
        {
            bureau.Grant();
            await bureau.Releases.LoadAsync(Cancel);
            _ = await bureau.Rows(Bureau.Ask());
            var open = await bureau.Opened(Bureau.Ask());
            crashed = folder.Copy();
            await open.DisposeAsync();
        }

        using (crashed)
        {
            using (var found = new Bureau(crashed))
            {
                await found.Releases.LoadAsync(Cancel);
                Assert.Equal("g1", Assert.Single(found.Releases.Unclosed).Grant);
                Assert.Single(found.ActsOf(ReleaseActs.Unclosed));
            }

            using var next = new Bureau(crashed);
            await next.Releases.LoadAsync(Cancel);
            Assert.Empty(next.Releases.Unclosed);
            Assert.Single(next.ActsOf(ReleaseActs.Unclosed));
        }
    }

    [Fact]
    public async Task Canaries_are_the_same_in_every_form_in_which_rows_leave()
    {
        using var bureau = new Bureau();
        bureau.Grant(obligations: Obligations.Nothing with { Canaries = 10 });
        var known = bureau.Table.Content.Select(row => row[0]).ToHashSet();
        var canaries = Made(await bureau.Rows(Bureau.Ask(DeliveryModes.Batch)));
        Assert.Equal(10, canaries.Count);
        foreach (var mode in new[] { DeliveryModes.Api, DeliveryModes.File })
            Assert.Equal(canaries, Made(await bureau.Rows(Bureau.Ask(mode))));
        Assert.Equal(canaries, Made(await bureau.Rows(Bureau.Ask(), new ReleaseQuery { OrderBy = [("id", true)] })));
        Assert.Equal(canaries, Made(await bureau.Rows(Bureau.Ask(), new ReleaseQuery { Distinct = true })));
        var paged = new List<string>();
        for (var offset = 0; offset < 210; offset += 30)
            paged.AddRange(await bureau.Rows(Bureau.Ask(), new ReleaseQuery { Offset = offset, Limit = 30 }));
        Assert.Equal(210, paged.Count);
        Assert.Equal(canaries, Made(paged));

        // Whoever asks for one by its key, counts, or verifies does not find out either.
        foreach (var canary in canaries)
            Assert.Equal(canary, Assert.Single(await bureau.Rows(Bureau.Ask(), new ReleaseQuery { Key = canary.Split('|')[0] })));
        var married = canaries[0].Split('|')[6];
        Assert.Equal(["true"], await bureau.Rows(Bureau.Ask(DeliveryModes.Verify, Rights.Use), new ReleaseQuery { Key = canaries[0].Split('|')[0], Where = new Condition.Compare("married", "=", married) }));
        await using var counted = await bureau.Opened(Bureau.Ask(), new ReleaseQuery { Count = true });
        Assert.Equal(210, counted.Total);
        Assert.Equal(["200"], await bureau.Rows(Bureau.Ask(), new ReleaseQuery { GroupBy = new Grouping([], [(Measure.Count, null, "n")]) }));

        List<string> Made(List<string> rows) => [.. rows.Where(row => !known.Contains(row.Split('|')[0])).Order(StringComparer.Ordinal)];
    }

    [Fact]
    public async Task A_list_of_thousands_of_values_costs_a_row_no_more_than_one_of_two()
    {
        using var bureau = new Bureau(rows: 2000);
        bureau.Grant(obligations: Obligations.Nothing with { Rows = [new RowRule("id", RowTest.In, [.. Enumerable.Range(0, 9999).Select(i => MemoryTable.Row(i)[0] ?? "")])] });
        foreach (var (field, column) in new[] { ("id", 0), ("income", 4), ("height", 5), ("born", 2) })
        {
            string[] values = [.. bureau.Table.Content.Where((_, i) => i % 3 == 0).Select(row => row[column]).OfType<string>()];
            string[] asked = [.. values.Concat(field == "id" ? Enumerable.Range(0, 9000).Select(i => $"x{i}") : [])];
            var found = await bureau.Rows(Bureau.Ask(), new ReleaseQuery { Where = new Condition.In(field, asked) });
            Assert.Equal(bureau.Table.Content.Count(row => values.Contains(row[column])), found.Count);
        }
    }

    [Fact]
    public async Task Releases_for_the_public_have_a_limit_and_those_of_departments_do_not()
    {
        using var bureau = new Bureau(options: new ReleaseOptions { Secret = Bureau.Secret, PublicReleases = 2 }) { Catalogued = Bureau.Dataset with { Open = true, Class = SharingClass.Unconditional } };
        bureau.Grant();
        bureau.Grant("open", receiver: "public");
        var ask = Bureau.Ask() with { By = new CityHub.Sharing.Parties.Caller("", null, CityHub.Sharing.Parties.Roles.None) };
        var first = await bureau.Opened(ask);
        await using (await bureau.Opened(ask))
        {
            Assert.Equal("public-releases-busy", await bureau.RefusedWith(ask));
            Assert.Equal("released", await bureau.RefusedWith(Bureau.Ask()));
        }

        // What is refused for another reason holds no place, and what is closed twice gives back one.
        Assert.Equal("query-field-unknown", await bureau.RefusedWith(ask, new ReleaseQuery { Where = new Condition.IsNull("nothing") }));
        Assert.Equal("query-too-large", await bureau.RefusedWith(ask, new ReleaseQuery { Where = new Condition.In("id", [.. Enumerable.Range(0, 10_001).Select(i => $"{i}")]) }));
        await first.DisposeAsync();
        await first.DisposeAsync();
        await using var second = await bureau.Opened(ask);
        await using var third = await bureau.Opened(ask);
        Assert.Equal("public-releases-busy", await bureau.RefusedWith(ask));
    }

    /// <summary>Calls back once when so much was written, and counts what comes after.</summary>
    private sealed class Watched(int after, Action once) : MemoryStream
    {
        private bool _called;

        public long Since { get; private set; }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            base.Write(buffer.Span);
            if (_called)
                Since += buffer.Length;
            else if (_called = Length > after)
                once();
            return default;
        }
    }
}
