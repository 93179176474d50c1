"""Domains and mailboxes that say nothing about the organisation that uses them."""

from apps.quality.reference.words import words

GENERIC_DOMAINS = words(
    """
    gmail.com googlemail.com yahoo.com yahoo.co.uk yahoo.fr yahoo.de yahoo.es yahoo.it yahoo.ca
    yahoo.in yahoo.co.in yahoo.com.au yahoo.co.jp ymail.com rocketmail.com hotmail.com hotmail.co.uk
    hotmail.fr hotmail.de hotmail.es hotmail.it outlook.com outlook.de outlook.fr outlook.es
    live.com live.co.uk live.fr live.nl msn.com icloud.com me.com mac.com aol.com aol.co.uk aim.com
    gmx.com gmx.de gmx.net gmx.at gmx.ch web.de t-online.de freenet.de mail.com mail.ru yandex.com
    yandex.ru inbox.ru list.ru bk.ru rambler.ru proton.me protonmail.com protonmail.ch pm.me
    tutanota.com fastmail.com fastmail.fm hushmail.com zoho.com orange.fr wanadoo.fr free.fr sfr.fr
    laposte.net neuf.fr libero.it virgilio.it tiscali.it alice.it tin.it btinternet.com
    btopenworld.com talktalk.net sky.com virginmedia.com ntlworld.com blueyonder.co.uk tiscali.co.uk
    btconnect.com aol.fr comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net
    charter.net earthlink.net optonline.net juno.com shaw.ca rogers.com sympatico.ca bigpond.com
    optusnet.com.au xtra.co.nz telenet.be skynet.be ziggo.nl kpnmail.nl planet.nl home.nl bluewin.ch
    seznam.cz wp.pl onet.pl interia.pl o2.pl abv.bg qq.com 163.com 126.com sina.com foxmail.com
    naver.com daum.net hanmail.net rediffmail.com uol.com.br bol.com.br terra.com.br mailinator.com
    guerrillamail.com 10minutemail.com yopmail.com tempmail.com trashmail.com sharklasers.com
    """
)
SHARED_DOMAINS = words(
    """
    linkedin.com facebook.com twitter.com x.com instagram.com youtube.com google.com wikipedia.org
    github.com gitlab.com medium.com tiktok.com pinterest.com bit.ly linktr.ee yell.com
    crunchbase.com
    """
)
EXAMPLE_DOMAINS = frozenset(
    ["test.com", "domain.com", "email.com", "none.com", "na.com", "noemail.com", "nomail.com"]
)
PLACEHOLDER_LOCAL_PARTS = words(
    """
    none noemail no-email nomail no.email na unknown test noreply no-reply donotreply do-not-reply
    """
)
ROLE_LOCAL_PARTS = words(
    """
    info sales contact contactus enquiries inquiries office admin hello support help accounts
    accounting accountspayable accounts.payable ap invoices invoicing billing finance hr jobs
    careers marketing press media procurement tenders purchasing reception service services team
    webmaster postmaster mail kontakt rechnung buchhaltung compta facturation
    """
)
