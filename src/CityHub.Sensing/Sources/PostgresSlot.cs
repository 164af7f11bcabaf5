using Npgsql;
using NpgsqlTypes;

namespace CityHub.Sensing.Sources;

/// <param name="Confirmed">Up to there the server may forget.</param>
/// <param name="Active">Somebody else reads from it at this moment.</param>
/// <param name="Usable">False: the server has let go of what it had to keep, or the slot is of another kind or database.</param>
internal sealed record SlotState(NpgsqlLogSequenceNumber Confirmed, bool Active, bool Usable);

/// <summary>
/// A logical replication slot, read in turns over an ordinary connection (PostgreSQL manual, "Replication Management Functions"): the server keeps every change until it is confirmed,
/// and what is looked at and not confirmed comes again.
/// </summary>
internal sealed class PostgresSlot(PostgresLink link, string name)
{
    /// <summary>Changes of about so many rows come in one look, in whole transactions.</summary>
    public const int RowsOfLook = 50_000;

    /// <summary>Of the server's log, for a source whose turns fail.</summary>
    private const long MostHeld = 4L << 30;

    /// <returns>Null: there is none of the name.</returns>
    /// <exception cref="SourceException">The server says no, or nothing; of all that follow too.</exception>
    public async ValueTask<SlotState?> FindAsync(CancellationToken cancel)
    {
        var found = await link.ReadAsync("""
            SELECT COALESCE(confirmed_flush_lsn, '0/0')::text, active::text, (plugin = 'pgoutput' AND database = current_database() AND COALESCE(to_jsonb(s) ->> 'wal_status', '') <> 'lost')::text
              FROM pg_replication_slots s WHERE slot_name = $1
            """, cancel, name);
        return found is [[{ } confirmed, var active, var usable]] ? new SlotState(NpgsqlLogSequenceNumber.Parse(confirmed), active == "true", usable == "true") : null;
    }

    /// <returns>Changes that are committed behind it will come.</returns>
    public async ValueTask<NpgsqlLogSequenceNumber> MakeAsync(CancellationToken cancel) =>
        NpgsqlLogSequenceNumber.Parse((await link.ReadAsync("SELECT lsn::text FROM pg_create_logical_replication_slot($1::name, 'pgoutput')", cancel, name))[0][0] ?? "");

    /// <summary>Where there is none, nothing happens.</summary>
    public async ValueTask DropAsync(CancellationToken cancel) => await link.ReadAsync("SELECT pg_drop_replication_slot(slot_name)::text FROM pg_replication_slots WHERE slot_name = $1 AND database = current_database()", cancel, name);

    /// <summary>What lies before it is delivered, and the server may forget it.</summary>
    public async ValueTask ConfirmAsync(NpgsqlLogSequenceNumber upTo, CancellationToken cancel) =>
        await link.ReadAsync("SELECT end_lsn::text FROM pg_replication_slot_advance($1::name, $2::pg_lsn)", cancel, name, upTo.ToString());

    /// <summary>Until every transaction is seen that may have been written before this moment: one that waits for a standby is in the log and in no snapshot yet.</summary>
    /// <exception cref="SourceException">There is one that does not end within a minute.</exception>
    public async ValueTask SettledAsync(TimeProvider clock, CancellationToken cancel)
    {
        var last = (await link.ReadAsync("SELECT txid_current()::text", cancel))[0][0] ?? "";
        for (var looks = 0; (await link.ReadAsync("SELECT (txid_snapshot_xmin(txid_current_snapshot()) > $1::bigint)::text", cancel, last))[0][0] != "true"; looks++)
        {
            if (looks == 600)
                throw new SourceException(SourceProblems.Unreachable.Because("A transaction of the server does not end, and the whole table cannot be read beside it.", "The hub tries again at the next turn."));
            await Task.Delay(TimeSpan.FromMilliseconds(100), clock, cancel);
        }
    }

    /// <summary>The server keeps more of its log for the slot than it should.</summary>
    public async ValueTask<bool> HoldsTooMuchAsync(CancellationToken cancel) =>
        await link.ReadAsync("SELECT (pg_current_wal_lsn() - restart_lsn > $2::bigint)::text FROM pg_replication_slots WHERE slot_name = $1", cancel, name, MostHeld.ToString(System.Globalization.CultureInfo.InvariantCulture)) is [["true"]];

    /// <summary>Up to where the server has written durably.</summary>
    public async ValueTask<NpgsqlLogSequenceNumber> WrittenAsync(CancellationToken cancel) =>
        NpgsqlLogSequenceNumber.Parse((await link.ReadAsync("SELECT pg_current_wal_flush_lsn()::text", cancel))[0][0] ?? "");

    /// <summary>The next changes, in whole transactions; they stay in the slot.</summary>
    public async ValueTask<ReplicatedChanges> LookAsync(PublishedTable table, string publication, NpgsqlLogSequenceNumber upTo, CancellationToken cancel)
    {
        var changes = new ReplicatedChanges(table);
        try
        {
            await using var command = link.Command(
                $"SELECT data FROM pg_logical_slot_peek_binary_changes($1::name, $2::pg_lsn, {RowsOfLook}, 'proto_version', '1', 'publication_names', $3)", name, upTo.ToString(), PostgresLink.Quote(publication));
            var reader = await command.ExecuteReaderAsync(cancel);
            try
            {
                while (changes is { Enough: false, Unsaid: null } && await reader.ReadAsync(cancel))
                    changes.Take(await reader.GetFieldValueAsync<byte[]>(0, cancel));
                if (changes is { Enough: true } or { Unsaid: not null })
                    PostgresLink.Cancel(command);
            }
            finally
            {
                await PostgresLink.CloseAsync(reader);
            }

            return changes;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UndefinedObject)
        {
            // Changes are read by the catalogue of their time, in which the publication of today is not.
            changes.Unsaid = "the publication was made anew";
            return changes;
        }
        catch (FormatException e)
        {
            throw new SourceException(SourceProblems.Unreachable.Because($"What the slot {name} gives is not understood: {e.Message}", "The hub knows version 1 of pgoutput."));
        }
        catch (Exception e) when (PostgresLink.IsFailure(e))
        {
            throw new SourceException(PostgresLink.Unreachable(e));
        }
    }
}
