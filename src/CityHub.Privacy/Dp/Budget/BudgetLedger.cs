using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace CityHub.Privacy;

/// <summary>
/// A <see cref="IPrivacyBudget"/> in a file to which lines are only ever added (<see cref="BudgetEntry"/>). One process has it at a time. Reservations that come together share one sync.
/// </summary>
/// <remarks>
/// A reservation, step by step, and what a crash after each leaves: 1 decided, under a lock – nothing on disk, nobody was told; 2 half a line written – a torn last line, which the next
/// opening cuts off: nobody was told, and nothing was drawn; 3 the line written – after a power failure it is there or torn, otherwise there, and then counts as spent though nobody was
/// told; 4 synced – there, counts as spent; 5 told – the same; 6 drawn and committed – the same, and known to have been released. So what is on disk is never less than what was told.
/// </remarks>
public sealed class BudgetLedger : IPrivacyBudget, IDisposable
{
    private const int LongestText = 200;

    private readonly string file;
    private readonly TimeProvider clock;
    private readonly Action<string>? step;
    private readonly SafeFileHandle handle;
    private readonly Lock deciding = new(), writing = new();
    private readonly Dictionary<BudgetAccount, BudgetState> accounts = [];
    private readonly Dictionary<long, bool> reservations = []; // number → committed
    private readonly byte[] sum = new byte[BudgetEntry.SumLength];
    private List<byte[]> waiting = [];
    private long last, length; // the number of the last line that was decided; the length of the file
    private long durable;      // the number of the last line that is on disk
    private Exception? broken;

    private BudgetLedger(string file, TimeProvider clock, Action<string>? step)
    {
        (this.file, this.clock, this.step) = (file, clock, step);
        try
        {
            handle = File.OpenHandle(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw new PrivacyException(
                new PrivacyRefusal(PrivacyCodes.BudgetUnusable, $"The budget {file} cannot be opened: {failed.Message}", "Only one process may have it; end the other one, or look at the folder's rights.", "budget ledger"), failed);
        }
    }

    public IReadOnlyDictionary<BudgetAccount, BudgetState> Accounts
    {
        get
        {
            lock (deciding)
                return new Dictionary<BudgetAccount, BudgetState>(accounts);
        }
    }

    /// <summary>Reservations on record, and how many of them were committed.</summary>
    public (long Made, long Committed) Reservations
    {
        get
        {
            lock (deciding)
                return (reservations.Count, reservations.Count(one => one.Value));
        }
    }

    internal bool Knows(long reservation)
    {
        lock (deciding)
            return reservations.ContainsKey(reservation);
    }

    /// <summary>Opens or creates the file. A last line that a crash has torn is cut off.</summary>
    /// <exception cref="PrivacyException">Another process has it, or a line is damaged: <see cref="PrivacyCodes.BudgetUnusable"/>.</exception>
    public static BudgetLedger Open(string file, TimeProvider clock) => Open(file, clock, null);

    /// <param name="step">Called before each step with its name; tests end the process there.</param>
    internal static BudgetLedger Open(string file, TimeProvider clock, Action<string>? step)
    {
        var ledger = new BudgetLedger(file, clock, step);
        try
        {
            ledger.Load();
            return ledger;
        }
        catch
        {
            ledger.Dispose();
            throw;
        }
    }

    /// <summary>Sets the limit of an account, from now on. What was spent stays spent, also where the limit becomes lower than that.</summary>
    /// <exception cref="PrivacyException">The account has a limit in the other measure.</exception>
    public void Grant(BudgetAccount account, PrivacyCost limit, string why)
    {
        Check(account, why);
        long number;
        lock (deciding)
        {
            Sound();
            if (accounts.TryGetValue(account, out var state))
                _ = limit.Less(state.Spent); // refuses another measure
            number = Add(BudgetAct.Grant, account, limit, why, null);
        }

        Persist(number);
    }

    public BudgetReservation Reserve(BudgetAccount account, PrivacyCost cost, string what)
    {
        Check(account, what);
        long number;
        PrivacyCost counted;
        lock (deciding)
        {
            Sound();
            if (!accounts.TryGetValue(account, out var state))
                throw new PrivacyRefusal(PrivacyCodes.BudgetExhausted, $"No budget was granted of {account}.", "Whoever answers for the dataset grants one.", "budget").ToException();
            if (cost.Amount.Sign == 0 && cost.Delta.Sign == 0)
                throw new PrivacyRefusal(PrivacyCodes.QueryUnusable, "A release that costs nothing needs no budget.", "Say what it costs.", "budget").ToException();
            counted = state.Limit.Measure == PrivacyMeasure.Rho ? cost.ToRho() : cost;
            if (counted.Measure != state.Limit.Measure)
                throw new PrivacyRefusal(PrivacyCodes.QueryUnusable, $"{cost} cannot be counted in a budget of epsilon.", "Ask for an epsilon, or have a budget of rho granted.", "budget").ToException();
            if (!counted.Fits(state.Left))
            {
                throw new PrivacyRefusal(
                    PrivacyCodes.BudgetExhausted, $"{counted} does not fit: of {state.Limit} of {account}, {state.Left} is left.", "Ask for less, or have more granted; what was spent does not come back.", "budget").ToException();
            }

            step?.Invoke("decide");
            number = Add(BudgetAct.Reserve, account, counted, what, null);
        }

        Persist(number);
        step?.Invoke("tell");
        return new BudgetReservation(number, account, counted);
    }

    /// <exception cref="PrivacyException">There is no such reservation, or it was committed before: one reservation pays for one release.</exception>
    public void Commit(BudgetReservation reservation)
    {
        long number;
        lock (deciding)
        {
            Sound();
            if (!reservations.TryGetValue(reservation.Number, out var committed) || committed)
            {
                throw new PrivacyRefusal(
                    PrivacyCodes.BudgetUnusable, string.Create(CultureInfo.InvariantCulture, $"Reservation {reservation.Number} {(committed ? "has paid for a release already" : "is not on record")}."),
                    "Reserve for each release.", "budget").ToException();
            }

            number = Add(BudgetAct.Commit, reservation.Account, reservation.Cost, "", reservation.Number);
        }

        Persist(number);
    }

    public BudgetState? State(BudgetAccount account)
    {
        lock (deciding)
            return accounts.GetValueOrDefault(account);
    }

    public void Dispose() => handle.Dispose();

    private static void Check(BudgetAccount account, string text)
    {
        foreach (var name in (ReadOnlySpan<string>)[account.Dataset, account.Purpose, account.Receiver])
        {
            if (string.IsNullOrWhiteSpace(name) || name.Length > LongestText)
                throw new PrivacyRefusal(PrivacyCodes.BudgetUnusable, $"\"{account}\" is no account.", "Name the dataset, the purpose and the receiver, with up to 200 characters each.", "budget").ToException();
        }

        if (text.Length > LongestText)
            throw new PrivacyRefusal(PrivacyCodes.BudgetUnusable, "The note is too long.", "Up to 200 characters.", "budget").ToException();
    }

    /// <summary>Takes a line into account and puts it down to be written; under the lock.</summary>
    private long Add(BudgetAct act, BudgetAccount account, PrivacyCost cost, string what, long? of)
    {
        var number = last + 1;
        var entry = new BudgetEntry(number, clock.GetUtcNow(), act, account, cost, what, of ?? number);
        if (!Take(entry))
            throw new InvalidOperationException("A line that was just decided does not follow on the ones before.");
        waiting.Add(entry.Write(sum));
        last = number;
        return number;
    }

    /// <summary>Whether the line may follow on what is known; then it is taken into account.</summary>
    private bool Take(BudgetEntry entry)
    {
        accounts.TryGetValue(entry.Account, out var state);
        switch (entry.Act)
        {
            case BudgetAct.Grant when state is null || state.Limit.Measure == entry.Cost.Measure:
                var none = entry.Cost.Measure == PrivacyMeasure.Rho ? PrivacyCost.Rho(0) : PrivacyCost.Epsilon(0);
                accounts[entry.Account] = new BudgetState(entry.Cost, state?.Spent ?? none);
                return true;
            case BudgetAct.Reserve when state is not null && state.Limit.Measure == entry.Cost.Measure && entry.Cost.Fits(state.Left):
                accounts[entry.Account] = state with { Spent = state.Spent.Then(entry.Cost) };
                reservations.Add(entry.Number, false);
                return true;
            case BudgetAct.Commit when reservations.TryGetValue(entry.Of, out var committed) && !committed:
                reservations[entry.Of] = true;
                return true;
            default:
                return false;
        }
    }

    /// <summary>
    /// Returns when the line is on disk. Whoever gets the lock first writes for all who wait, so that a thousand reservations cost a few syncs. Where it fails it is not known what is on
    /// disk: nothing more is written, and what was decided stays spent until the file is opened again.
    /// </summary>
    private void Persist(long number)
    {
        lock (writing)
        {
            if (durable >= number)
                return;
            byte[][] lines;
            long through;
            lock (deciding)
            {
                Sound();
                (lines, waiting) = ([.. waiting], []);
                through = last;
            }

            try
            {
                var bytes = new byte[lines.Sum(line => line.Length)];
                var at = 0;
                foreach (var line in lines)
                {
                    line.CopyTo(bytes, at);
                    at += line.Length;
                }

                step?.Invoke("write");
                RandomAccess.Write(handle, bytes.AsSpan(0, at / 2), length);
                step?.Invoke("half");
                RandomAccess.Write(handle, bytes.AsSpan(at / 2), length + (at / 2));
                step?.Invoke("sync");
                RandomAccess.FlushToDisk(handle);
                step?.Invoke("synced");
                length += at;
                durable = through;
            }
            catch (Exception failed)
            {
                lock (deciding)
                    broken = failed;
                if (failed is not (IOException or UnauthorizedAccessException))
                    throw;
                throw Unusable(failed);
            }
        }
    }

    private void Sound()
    {
        if (broken is not null)
            throw Unusable(broken);
    }

    private PrivacyException Unusable(Exception failed) => new(
        new PrivacyRefusal(PrivacyCodes.BudgetUnusable, $"The budget {file} could not be written: {failed.Message}", "Look at the disk, and open it again.", "budget ledger"), failed);

    private void Load()
    {
        using (var stream = new FileStream(new SafeFileHandle(handle.DangerousGetHandle(), ownsHandle: false), FileAccess.Read, 1 << 16))
        {
            var lines = new BudgetLines(stream);
            while (lines.Next(out var line))
            {
                var entry = BudgetEntry.Read(line, sum);
                if (entry is null || entry.Number != last + 1 || !Take(entry))
                    throw Damaged(last + 1);
                last++;
                length += line.Length + 1;
            }
        }

        if (RandomAccess.GetLength(handle) != length)
        {
            // What follows the last line feed was being written when a crash came; nobody was told of it.
            RandomAccess.SetLength(handle, length);
            RandomAccess.FlushToDisk(handle);
        }

        durable = last;
        if (last == 0)
            FolderSync.Sync(Path.GetDirectoryName(Path.GetFullPath(file)) ?? "/"); // otherwise the name could go with the power, and every limit be granted anew
    }

    private PrivacyException Damaged(long line) => new PrivacyRefusal(
        PrivacyCodes.BudgetUnusable, string.Create(CultureInfo.InvariantCulture, $"Line {line} of the budget {file} is damaged, or does not follow on the one before."),
        "Until it is known what was spent nothing more is released; take the file from a copy that is at least as new.", "budget ledger") { Row = line }.ToException();
}
