using CityHub.Core.Tables;
using CsCheck;

namespace CityHub.Tests.Storage.Tables;

/// <summary>The table beside a plain list in memory, over random deliveries of all modes, compactions and restarts.</summary>
public sealed class TableModelTests
{
    static readonly string[] Ends = ["", "🚒", "é", "a much longer text that goes beyond sixteen bytes"];

    static readonly Gen<(int Kind, object?[][] Rows, int From)[]> Many = Gen.Select(Gen.Int[0, 11], Row(400).Array[0, 150], Gen.Int[0, 300]).Array[1, 12];

    /// <summary>Deliveries of few rows: younger segments die whole while older ones live.</summary>
    static readonly Gen<(int Kind, object?[][] Rows, int From)[]> Few = Gen.Select(Gen.Int[3, 20], Row(4).Array[0, 2], Gen.Int[0, 4]).Array[5, 40];

    static Gen<object?[]> Row(int keys) =>
        from id in Gen.Int[0, keys]
        from name in Gen.Int[-3, 40]
        from end in Gen.Int[0, 3]
        from income in Gen.Double
        from children in Gen.Long
        from small in Gen.Int[0, 6]
        select new object?[]
        {
            $"K{id}", name < 0 ? null : $"{name}{Ends[end]}", small == 0 ? null : income, small == 1 ? null : small == 2 ? children : small, small == 3 ? null : id % 2 == 0,
            small == 4 ? null : DateOnly.FromDayNumber(id * 1000), small == 5 ? null : DateTimeOffset.UnixEpoch.AddMilliseconds(id * 1717),
        };

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Says_what_a_list_in_memory_says(bool isSealed, bool few) => await (few ? Few : Many).SampleAsync(
        async steps =>
        {
            using var test = new TableUnderTest(isSealed, groupRows: 64);
            var model = new List<object?[]>();
            long version = 0;
            foreach ((int kind, object?[][] rows, int from) in steps)
            {
                switch (kind)
                {
                    case 0:
                        await test.DeliverAsync(WriteMode.Replace, rows);
                        model.Clear();
                        Upsert(model, rows);
                        version++;
                        break;
                    case 1 or 2:
                        object?[][] fresh = [.. rows.DistinctBy(r => r[0]).Where(r => model.TrueForAll(m => !Equals(m[0], r[0])))];
                        await test.DeliverAsync(WriteMode.Append, fresh);
                        model.AddRange(fresh);
                        version++;
                        break;
                    case 3:
                        test.Reopen();
                        break;
                    case 4:
                        await test.CompactAsync();
                        version = test.Table.Version;
                        break;
                    case 5:
                        test.Table.Abandon(await test.PrepareAsync(WriteMode.Upsert, rows));
                        break;
                    case 6:
                        test.Keys.Lock(TableUnderTest.Owner);
                        Assert.Equal(isSealed, test.Table.Locked);
                        test.Keys.Unlock(TableUnderTest.Owner, TableUnderTest.Key);
                        break;
                    case 7:
                        Func<int, bool> goes = i => (i + from) % 3 == 0;
                        test.Publish(await test.PrepareAsync(goes, rows));
                        Upsert(model, rows, goes);
                        version++;
                        break;
                    case 8:
                        TableDraft without = await test.PrepareAsync(_ => true, rows);
                        Assert.Equal((0, model.Count(m => Array.Exists(rows, r => Equals(r[0], m[0])))), (without.Rows, without.Gone));
                        test.Publish(without);
                        Upsert(model, rows, _ => true);
                        version++;
                        break;
                    default:
                        await test.DeliverAsync(WriteMode.Upsert, rows);
                        Upsert(model, rows);
                        version++;
                        break;
                }

                Assert.Equal((version, model.Count), (test.Table.Version, test.Table.Rows));
                Assert.Equal(PlainRows.Say(model), PlainRows.Say(await test.ReadAsync()));
                Assert.Equal(PlainRows.Say(model.Skip(from).Select(r => new[] { r[2], r[1] })), PlainRows.Say(await test.ReadAsync(from, 2, 1)));
                for (int id = from; id < from + 20; id++)
                {
                    object?[]? expected = model.Find(r => Equals(r[0], $"K{id}"));
                    object?[]? found = test.Find($"K{id}");
                    Assert.Equal(expected is null ? "" : PlainRows.Say([expected]), found is null ? "" : PlainRows.Say([found]));
                }
            }
        },
        iter: 60,
        threads: 1);

    static void Upsert(List<object?[]> model, object?[][] rows, Func<int, bool>? goes = null)
    {
        for (int i = 0; i < rows.Length; i++)
        {
            model.RemoveAll(r => Equals(r[0], rows[i][0]));
            if (goes?.Invoke(i) is not true)
            {
                model.Add(rows[i]);
            }
        }
    }
}
