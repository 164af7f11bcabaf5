using System.Globalization;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using NpgsqlTypes;

namespace CityHub.Sensing.Sources;

/// <param name="Mark">Of the table as it was (<see cref="PublishedTable.Mark"/>).</param>
/// <param name="Terms">By what its rows were mapped and judged.</param>
internal readonly record struct ReplicationPosition(string Mark, NpgsqlLogSequenceNumber UpTo, string Terms)
{
    public override string ToString() => $"{Mark}:{UpTo}:{Terms}";

    public static ReplicationPosition? Read(string? text) =>
        text?.Split(':') is [var mark, var upTo, var terms] && NpgsqlLogSequenceNumber.TryParse(upTo, out var at) ? new(mark, at, terms) : null;
}

/// <summary>
/// Follows a table of PostgreSQL by its changes (logical replication): once the whole table, then each transaction, with what was deleted. The server is told to forget only what has been
/// delivered and noted, both durably; what was delivered and not noted comes again, and stands already. Where the changes do not lead from what was noted to what is there, the whole
/// table is read anew.
/// </summary>
internal sealed class PostgresReplication(SourceBook book, IDeliveries deliveries, AllowedAddresses allowed, TimeProvider clock)
{
    /// <summary>So much log of other tables is not kept for us.</summary>
    private const ulong Far = 16 << 20;

    /// <summary>A policy on rows would hide some of the whole table and none of the changes: the server refuses instead.</summary>
    private const string AllRows = "; SET row_security = off";

    /// <returns>What was delivered in sum; null: nothing was new.</returns>
    /// <exception cref="SourceException">The server says no, or nothing.</exception>
    public async ValueTask<Result<DeliveryOutcome?>> TurnAsync(SourceDeclaration source, string? secret, CancellationToken cancel)
    {
        if (!(await PostgresLink.OpenAsync(source, secret, allowed, cancel, AllRows)).TryGet(out var link, out var problem))
            return problem;
        await using var kept = link;
        var slot = new PostgresSlot(link, source.SlotName);
        if (!(await TableAsync(link, source, cancel)).TryGet(out var table, out problem))
        {
            // Of a table that is not given any more, or not taken, nothing is waited for.
            await GiveUpAsync(slot);
            return problem;
        }

        Result<DeliveryOutcome?> turn;
        try
        {
            turn = await FollowAsync(link, slot, source, table, cancel);
        }
        catch (SourceException e)
        {
            turn = e.Problem;
        }

        if (turn.Problem is not null && await slot.HoldsTooMuchAsync(cancel))
            await GiveUpAsync(slot);
        return turn;
    }

    /// <summary>The slot of a source that is read no more: as long as it is there, the server keeps its log.</summary>
    /// <exception cref="SourceException">The server says no, or nothing.</exception>
    public async ValueTask<Result<Done>> ReleaseAsync(SourceDeclaration left, string? secret, CancellationToken cancel)
    {
        if (!(await PostgresLink.OpenAsync(left, secret, allowed, cancel)).TryGet(out var link, out var problem))
            return problem;
        await using (link)
            await new PostgresSlot(link, left.SlotName).DropAsync(cancel);
        return Done.Value;
    }

    private async ValueTask<Result<PublishedTable>> TableAsync(PostgresLink link, SourceDeclaration source, CancellationToken cancel)
    {
        if (!deliveries.SchemaOf(source.Dataset).TryGet(out var schema, out var problem))
            return problem;
        return schema.Key >= 0
            ? await PublishedTable.ReadAsync(link, source, schema.Columns[schema.Key].Name, cancel)
            : SourceProblems.NotReplicated.Because($"{source.Dataset} has no key, by which changes find their rows.", "Let the entry of the dataset name a key.");
    }

    private async ValueTask<Result<DeliveryOutcome?>> FollowAsync(PostgresLink link, PostgresSlot slot, SourceDeclaration source, PublishedTable table, CancellationToken cancel)
    {
        var upTo = await slot.WrittenAsync(cancel);
        DeliveryOutcome? sum = null;
        // Withdrawn or declared otherwise meanwhile: what was delivered is, and the rest is for the next turn.
        while (book.Sources.TryGetValue(source.Id, out var known) && known.Source.CountsAs(source))
        {
            var state = await slot.FindAsync(cancel);
            if (state is { Active: true })
                return SourceProblems.NotReplicated.Because($"Somebody else reads from the slot {source.SlotName}.", "Two hubs need two slots: let the declaration name another.");
            // A slot that is ahead of us was moved by somebody else, or we are a copy from before; a server that is behind us is a copy of its own.
            if (ReplicationPosition.Read(known.Watermark) is not { } at || at.Mark != table.Mark || state is not { Usable: true } || state.Confirmed > at.UpTo || upTo < at.UpTo)
                return await WholeAsync(link, slot, source, table, sum, cancel);
            if (state.Confirmed < at.UpTo)
                await slot.ConfirmAsync(at.UpTo, cancel);
            await using var changes = await slot.LookAsync(table, source.Publication ?? "", upTo, cancel);
            if (changes.Unsaid is not null)
                return await WholeAsync(link, slot, source, table, sum, cancel);
            var to = at with { UpTo = changes.UpTo ?? upTo };
            if (changes.IsEmpty)
            {
                if (changes.Messages < PostgresSlot.RowsOfLook && (ulong)to.UpTo - (ulong)at.UpTo < Far)
                    return sum;
                if ((await book.NothingAsync(source, to.ToString())).Problem is { } unnoted)
                    return unnoted;
                continue;
            }

            var delivered = await DeliverAsync(source, WriteMode.Upsert, changes, $"{at.UpTo} to {to.UpTo}", changes.CommittedAt, cancel);
            // A row that goes and has no key here, or other columns of the dataset: only the whole table says what is left.
            if (delivered.Problem?.Code is "table-rows-unfit" or "delivery-not-taken")
                return await WholeAsync(link, slot, source, table, sum, cancel);
            if (!delivered.TryGet(out var outcome, out var problem))
                return problem;
            // Another mapping makes other keys: the rows of before would not be found by them.
            if ((outcome.Terms ?? "") != at.Terms)
                return await WholeAsync(link, slot, source, table, Sum(sum, outcome), cancel);
            var noted = outcome.Known && outcome.Position <= known.LastDelivery ? await book.NothingAsync(source, to.ToString()) : await book.DeliveredAsync(source, to.ToString(), outcome);
            if (noted.Problem is { } wrong)
                return wrong;
            sum = outcome.Known ? sum : Sum(sum, outcome);
        }

        return sum;
    }

    /// <summary>The slot first, then the rows: what is committed in between comes twice, and the second time changes nothing.</summary>
    private async ValueTask<Result<DeliveryOutcome?>> WholeAsync(PostgresLink link, PostgresSlot slot, SourceDeclaration source, PublishedTable table, DeliveryOutcome? sum, CancellationToken cancel)
    {
        await slot.DropAsync(cancel);
        var from = await slot.MakeAsync(cancel);
        var done = false;
        try
        {
            await slot.SettledAsync(clock, cancel);
            if (!(await PostgresRows.OpenAsync(link, source, table, cancel)).TryGet(out var rows, out var problem))
                return problem;
            Result<DeliveryOutcome> delivered;
            await using (rows)
                delivered = await DeliverAsync(source, WriteMode.Replace, rows, $"whole at {from}", clock.GetUtcNow(), cancel);
            if (!delivered.TryGet(out var outcome, out problem) || !(await book.DeliveredAsync(source, new ReplicationPosition(table.Mark, from, outcome.Terms ?? "").ToString(), outcome)).TryGet(out _, out problem))
                return problem;
            done = true;
            return Sum(sum, outcome);
        }
        finally
        {
            // A slot that nobody reads from fills the disk of the server.
            if (!done)
                await GiveUpAsync(slot);
        }
    }

    /// <summary>What was wrong before counts, and not what is wrong here: the next turn, or the bound of the server, ends what is left.</summary>
    private static async ValueTask GiveUpAsync(PostgresSlot slot)
    {
        try
        {
            await slot.DropAsync(CancellationToken.None);
        }
        catch (Exception e) when (e is SourceException or InvalidOperationException)
        {
            // Not there, in use, or the connection is gone.
        }
    }

    private ValueTask<Result<DeliveryOutcome>> DeliverAsync(SourceDeclaration source, WriteMode mode, IRows rows, string what, DateTimeOffset asOf, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        return deliveries.DeliverAsync(
            new Delivery(source.Dataset, mode, $"source:{source.Id}", $"postgres:{source.Table} {what}") { Mapping = source.Mapping, AsOf = asOf < now ? asOf : now, OnlyChanges = mode == WriteMode.Upsert }, rows, cancel);
    }

    private static DeliveryOutcome Sum(DeliveryOutcome? before, DeliveryOutcome now) => before is null
        ? now
        : now with { Taken = before.Taken + now.Taken, Gone = before.Gone + now.Gone, Refused = before.Refused + now.Refused, Faults = [.. before.Faults, .. now.Faults] };
}
