using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Storage.Embedded.Sqlite;

namespace CityHub.Storage.Embedded.Facts;

/// <summary>
/// Writes a log anew from the facts of another, each at its place, with its time and its salt: what was said about them elsewhere (leaves of a ledger, receipts) is said of these.
/// </summary>
public static class FactRestore
{
    const int GroupFacts = 16_384;

    /// <param name="folder">A data folder without a log.</param>
    /// <param name="facts">From the first on, without a gap.</param>
    /// <returns>How many facts there are. Refused: a log is there already, a fact is not the next one of the log or of its stream, the disk is full. What was written until then stays: the folder is to be thrown away.</returns>
    public static Result<long> Write(string folder, IEnumerable<Fact> facts, EmbeddedOptions? options = null, CancellationToken cancel = default)
    {
        Embedded.Folder.Create(Path.GetFullPath(folder));
        var names = new FactNames();
        try
        {
            if (!FactFile.Open(folder, names, options ?? new EmbeddedOptions()).TryGet(out FactFile? file, out Problem? refused))
            {
                return refused;
            }

            using (file)
            {
                return file.Last.Position == 0
                    ? Write(file, names, facts, cancel)
                    : FactProblems.StorageUnavailable.Because($"{file.Path} has facts already.", "A log is restored into a folder of its own.");
            }
        }
        catch (SqliteException full) when (full.DiskFull)
        {
            return FactProblems.StorageFull.Because($"The disk that holds {folder} is full ({full.Message}).", "Free some space and restore again.");
        }
        catch (SqliteException failure)
        {
            return FactProblems.StorageUnavailable.Because($"{folder} cannot be used: {failure.Message}");
        }
    }

    static Result<long> Write(FactFile file, FactNames names, IEnumerable<Fact> facts, CancellationToken cancel)
    {
        long head = 0;
        long at = 0;
        file.Begin();
        foreach (Fact fact in facts)
        {
            cancel.ThrowIfCancellationRequested();
            StreamState stream = names.Find(fact.Stream) ?? names.Add(fact.Stream);
            if (fact.Position != head + 1 || fact.Version != stream.Next + 1 || fact.At.UtcTicks < at || fact.Salt.Length != Fact.SaltBytes)
            {
                file.Rollback();
                return FactProblems.StorageDamaged.Because(
                    $"After fact {head} comes fact {fact.Position}, version {fact.Version} of stream {fact.Stream}: that is not the next one.", "Export the log again.");
            }

            names.Touch(stream);
            stream.Next++;
            file.Insert(stream, fact);
            (head, at) = (fact.Position, fact.At.UtcTicks);
            if (head % GroupFacts == 0)
            {
                Commit(file, names);
                _ = file.Checkpoint();
                file.Begin();
            }
        }

        Commit(file, names);
        _ = file.Checkpoint();
        return head;
    }

    static void Commit(FactFile file, FactNames names)
    {
        file.InsertVersions();
        file.Commit();
        names.Keep();
    }
}
