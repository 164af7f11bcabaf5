using System.Globalization;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using NpgsqlTypes;

namespace CityHub.Sensing.Sources;

/// <param name="Table">The oid of the relation.</param>
internal readonly record struct ReplicationPosition(uint Table, NpgsqlLogSequenceNumber UpTo)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Table}:{UpTo}");

    public static ReplicationPosition? Read(string? text) =>
        text?.Split(':') is [var table, var upTo] && uint.TryParse(table, CultureInfo.InvariantCulture, out var oid) && NpgsqlLogSequenceNumber.TryParse(upTo, out var at) ? new(oid, at) : null;
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

    /// <returns>What was delivered in sum; null: nothing was new.</returns>
    /// <exception cref="SourceException">The server says no, or nothing.</exception>
    public async ValueTask<Result<DeliveryOutcome?>> TurnAsync(SourceDeclaration source, string? secret, CancellationToken cancel)
    {
        if (!deliveries.SchemaOf(source.Dataset).TryGet(out var schema, out var problem))
            return problem;
        if (schema.Key < 0)
            return SourceProblems.NotReplicated.Because($"{source.Dataset} has no key, by which changes find their rows.", "Let the entry of the dataset name a key.");
        if (!(await PostgresLink.OpenAsync(source, secret, allowed, cancel)).TryGet(out var link, out problem))
            return problem;
        await using var kept = link;
        if (!(await PublishedTable.ReadAsync(link, source, schema.Columns[schema.Key].Name, cancel)).TryGet(out var table, out problem))
            return problem;
        var slot = new PostgresSlot(link, source.SlotName);
        var upTo = await slot.WrittenAsync(cancel);
        DeliveryOutcome? sum = null;
        while (true)
        {
            var position = ReplicationPosition.Read(book.Sources.GetValueOrDefault(source.Id)?.Watermark);
            var state = await slot.FindAsync(cancel);
            if (state is { Active: true })
                return SourceProblems.NotReplicated.Because($"Somebody else reads from the slot {source.SlotName}.", "Two hubs need two slots: let the declaration name another.");
            // A slot that is ahead of us was moved by somebody else, or we are a copy from before.
            if (position is not { } from || from.Table != table.Oid || state is not { Usable: true } || state.Confirmed > from.UpTo)
                return await WholeAsync(link, slot, source, table, sum, cancel);
            if (state.Confirmed < from.UpTo)
                await slot.ConfirmAsync(from.UpTo, cancel);
            await using var changes = await slot.LookAsync(table, source.Publication ?? "", upTo, cancel);
            if (changes.Unsaid is not null)
                return await WholeAsync(link, slot, source, table, sum, cancel);
            var to = new ReplicationPosition(table.Oid, changes.UpTo ?? (upTo > from.UpTo ? upTo : from.UpTo));
            if (changes.IsEmpty)
            {
                if (changes.Messages < PostgresSlot.RowsOfLook && (ulong)to.UpTo - (ulong)from.UpTo < Far)
                    return sum;
                if ((await book.NothingAsync(source, to.ToString())).Problem is { } unnoted)
                    return unnoted;
                continue;
            }

            var delivered = await DeliverAsync(source, WriteMode.Upsert, changes, $"{from.UpTo} to {to.UpTo}", changes.CommittedAt, cancel);
            // A row that goes and has no key here: only the whole table says which are left.
            if (delivered.Problem?.Code == "table-rows-unfit")
                return await WholeAsync(link, slot, source, table, sum, cancel);
            if (!delivered.TryGet(out var outcome, out problem))
                return problem;
            var noted = outcome.Known ? await book.NothingAsync(source, to.ToString()) : await book.DeliveredAsync(source, to.ToString(), outcome);
            if (noted.Problem is { } wrong)
                return wrong;
            sum = outcome.Known ? sum : Sum(sum, outcome);
        }
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

    /// <summary>The slot first, then the rows: what is committed in between comes twice, and the second time changes nothing.</summary>
    private async ValueTask<Result<DeliveryOutcome?>> WholeAsync(PostgresLink link, PostgresSlot slot, SourceDeclaration source, PublishedTable table, DeliveryOutcome? sum, CancellationToken cancel)
    {
        await slot.DropAsync(cancel);
        var position = new ReplicationPosition(table.Oid, await slot.MakeAsync(cancel));
        var done = false;
        try
        {
            if (!(await RowsAsync(link, source, table, cancel)).TryGet(out var rows, out var problem))
                return problem;
            Result<DeliveryOutcome> delivered;
            await using (rows)
                delivered = await DeliverAsync(source, WriteMode.Replace, rows, $"whole at {position.UpTo}", clock.GetUtcNow(), cancel);
            if (!delivered.TryGet(out var outcome, out problem) || !(await book.DeliveredAsync(source, position.ToString(), outcome)).TryGet(out _, out problem))
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

    private static async ValueTask<Result<PostgresRows>> RowsAsync(PostgresLink link, SourceDeclaration source, PublishedTable table, CancellationToken cancel)
    {
        try
        {
            return await PostgresRows.OpenAsync(link, source, table.Columns, table.Filter, null, cancel);
        }
        catch (Exception e) when (PostgresLink.IsFailure(e))
        {
            return PostgresLink.Unreachable(e);
        }
    }

    private static async ValueTask GiveUpAsync(PostgresSlot slot)
    {
        try
        {
            await slot.DropAsync(CancellationToken.None);
        }
        catch (SourceException)
        {
            // The next turn drops it.
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
