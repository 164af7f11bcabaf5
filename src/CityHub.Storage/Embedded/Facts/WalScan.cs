using System.Buffers.Binary;
using CityHub.Core.Facts;
using CityHub.Core.Problems;

namespace CityHub.Storage.Embedded.Facts;

/// <summary>
/// Looks at the write-ahead log before SQLite does. SQLite takes the first frame that does not check for the end of the log: right
/// for an end torn by a crash, but a damaged frame in the middle would silently take every acknowledged fact behind it along.
/// The two can be told apart: each commit is fsync'd before the next begins, so only the last transaction can be torn; a sound
/// frame of a later transaction proves damage. (SQLite file format, section 4, "The Write-Ahead Log".)
/// </summary>
internal static class WalScan
{
    const int HeaderLength = 32;
    const int FrameHeaderLength = 24;

    /// <returns>Null when what SQLite will recover is all there was.</returns>
    public static Problem? Check(string database)
    {
        string path = database + "-wal";
        if (!File.Exists(path))
        {
            return null;
        }

        using var wal = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1 << 20, FileOptions.SequentialScan);
        if (wal.Length > 0 && (!File.Exists(database) || new FileInfo(database).Length == 0))
        {
            // SQLite would delete the log of an empty database. It cannot come about by a crash: the database has its first page
            // before there is a log.
            return Damaged(path, "the database it belongs to is empty");
        }

        Span<byte> header = stackalloc byte[HeaderLength];
        if (wal.ReadAtLeast(header, HeaderLength, throwOnEndOfStream: false) < HeaderLength || !header.ContainsAnyExcept((byte)0))
        {
            return null;
        }

        uint magic = BinaryPrimitives.ReadUInt32BigEndian(header), pageSize = BinaryPrimitives.ReadUInt32BigEndian(header[8..]);
        if (magic is not (0x377f0682 or 0x377f0683) || pageSize is < 512 or > 65536)
        {
            return Damaged(path, "its header is not one");
        }

        bool bigEndian = (magic & 1) == 1;
        (uint, uint) sum = Sum((0, 0), header[..24], bigEndian);
        if (sum != Stored(header[24..]))
        {
            // SQLite syncs a new header before the first frame behind it: a torn one is 32 bytes within one sector.
            return Damaged(path, "its header does not check");
        }

        return Frames(wal, path, header[16..24], sum, (int)pageSize, bigEndian);
    }

    static Problem? Frames(FileStream wal, string path, ReadOnlySpan<byte> salt, (uint, uint) sum, int pageSize, bool bigEndian)
    {
        byte[] frame = new byte[FrameHeaderLength + pageSize];
        long broken = 0; // number of the first frame that does not check
        bool commitSince = false;
        bool chained = true; // whether `sum` is what the frame before stored
        for (long number = 1; wal.ReadAtLeast(frame, frame.Length, throwOnEndOfStream: false) == frame.Length; number++)
        {
            if (!frame.AsSpan(8, 8).SequenceEqual(salt))
            {
                if (broken == 0)
                {
                    broken = number;
                }

                chained = false;
                continue; // a frame of an earlier round of the log, zeros, or a damaged one
            }

            bool sound = false;
            if (broken == 0 || chained)
            {
                (uint, uint) expected = Sum(Sum(sum, frame.AsSpan(0, 8), bigEndian), frame.AsSpan(FrameHeaderLength), bigEndian);
                sound = expected == Stored(frame.AsSpan(16));
            }

            if (!sound && broken == 0)
            {
                broken = number;
            }
            else if (sound && broken != 0 && commitSince)
            {
                return Damaged(path, $"frame {broken} does not check, but frame {number} of a later commit does");
            }

            commitSince |= broken != 0 && BinaryPrimitives.ReadUInt32BigEndian(frame.AsSpan(4)) != 0;
            sum = Stored(frame.AsSpan(16));
            chained = true;
        }

        return null;
    }

    static (uint, uint) Stored(ReadOnlySpan<byte> at) => (BinaryPrimitives.ReadUInt32BigEndian(at), BinaryPrimitives.ReadUInt32BigEndian(at[4..]));

    static (uint, uint) Sum((uint, uint) seed, ReadOnlySpan<byte> bytes, bool bigEndian)
    {
        (uint a, uint b) = seed;
        for (int i = 0; i < bytes.Length; i += 8)
        {
            ReadOnlySpan<byte> pair = bytes.Slice(i, 8);
            a += (bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(pair) : BinaryPrimitives.ReadUInt32LittleEndian(pair)) + b;
            b += (bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(pair[4..]) : BinaryPrimitives.ReadUInt32LittleEndian(pair[4..])) + a;
        }

        return (a, b);
    }

    static Problem Damaged(string path, string what) => FactProblems.StorageDamaged.Because(
        $"{path}: {what}. Opening it would lose facts that were acknowledged.",
        "Nothing was changed. Keep a copy of the folder, check the disk, and restore the last backup.");
}
