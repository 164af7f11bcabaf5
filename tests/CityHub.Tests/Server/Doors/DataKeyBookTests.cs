using CityHub.Server.Sharing;
using CityHub.Storage.Embedded;
using CityHub.Storage.Embedded.Tables;
using CityHub.Tests.Storage.Embedded;
using Microsoft.Extensions.Time.Testing;

namespace CityHub.Tests.Server.Doors;

public sealed class DataKeyBookTests
{
    [Fact]
    public async Task A_lock_that_comes_while_an_unlock_is_under_way_wins_and_the_log_says_so()
    {
        using var folder = new TestFolder();
        var clock = new FakeTimeProvider();
        await using var store = EmbeddedStore.Open(folder.Path, clock).Value;
        using var book = new DataKeyBook(store.Log, clock);
        using var keys = new DepartmentKeys();
        var key = new byte[DepartmentKeys.KeyBytes];
        Assert.Null((await book.UnlockAsync("police", key, "officer", book.LocksOf("police"), keys)).Problem);
        Assert.True(keys.Unlocked("police"));

        var begun = book.LocksOf("police"); // its body is still on the way
        Assert.Null((await book.LockAsync("police", "head", keys)).Problem);
        Assert.Equal("data-locked-meanwhile", (await book.UnlockAsync("police", key, "officer", begun, keys)).Problem?.Code);

        Assert.False(keys.Unlocked("police"));
        Assert.Equal(DataKeyBook.Locked, store.Log.Read(0, "data-keys").Last().Type);
        Assert.Null((await book.UnlockAsync("police", key, "officer", book.LocksOf("police"), keys)).Problem);
        Assert.True(keys.Unlocked("police"));
    }

    [Fact]
    public async Task However_many_lock_and_unlock_at_once_the_last_word_of_the_log_is_what_holds()
    {
        using var folder = new TestFolder();
        var clock = new FakeTimeProvider();
        await using var store = EmbeddedStore.Open(folder.Path, clock).Value;
        using var book = new DataKeyBook(store.Log, clock);
        using var keys = new DepartmentKeys();
        var key = new byte[DepartmentKeys.KeyBytes];
        await Task.WhenAll(Enumerable.Range(0, 64).Select(n => Task.Run(async () =>
        {
            if (n % 2 == 0)
                await book.UnlockAsync("police", key, "officer", book.LocksOf("police"), keys);
            else
                await book.LockAsync("police", "head", keys);
        })));
        Assert.Null((await book.LockAsync("police", "head", keys)).Problem);
        Assert.False(keys.Unlocked("police"));
        Assert.Equal(DataKeyBook.Locked, store.Log.Read(0, "data-keys").Last().Type);
    }
}
